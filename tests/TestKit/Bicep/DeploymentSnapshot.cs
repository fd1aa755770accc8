using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Nanodet.Serverless.TestKit.Bicep;

/// <summary>
/// What a deployment would create: the template evaluated for some parameters by the compiler's snapshot, modules flattened. What only
/// Azure knows stays an expression in brackets.
/// </summary>
public sealed partial class DeploymentSnapshot
{
    private const string Subscription = "11111111-1111-1111-1111-111111111111";
    private const string Tenant = "22222222-2222-2222-2222-222222222222";

    private readonly string _token;

    private DeploymentSnapshot(JsonElement root)
    {
        Resources = [.. root.GetProperty("predictedResources").EnumerateArray()];
        Outputs = root.GetProperty("outputs");
        Diagnostics = [.. root.GetProperty("diagnostics").EnumerateArray().Select(item => item.ToString())];
        _token = Token().Match(Outputs.GetProperty("NANODET_STORAGE_ACCOUNT").GetString()!).Value;
    }

    /// <summary>Every resource that would be there.</summary>
    public IReadOnlyList<JsonElement> Resources { get; }

    /// <summary>The outputs.</summary>
    public JsonElement Outputs { get; }

    /// <summary>What the evaluation complained about.</summary>
    public IReadOnlyList<string> Diagnostics { get; }

    /// <summary>Evaluates a template.</summary>
    /// <param name="template">Path of the .bicep file.</param>
    /// <param name="parameters">Strings, numbers, truth values and lists of strings by name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">It cannot be evaluated; the message has the compiler's.</exception>
    public static async Task<DeploymentSnapshot> EvaluateAsync(
        string template, IReadOnlyDictionary<string, object> parameters, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-bicep-");
        try
        {
            var file = Path.Combine(folder.FullName, "deployment.bicepparam");
            var lines = parameters.Select(parameter => $"param {parameter.Key} = {Literal(parameter.Value)}")
                .Prepend($"using {Literal(Path.GetRelativePath(folder.FullName, template).Replace('\\', '/'))}");
            await File.WriteAllLinesAsync(file, lines, cancellationToken);
            var metadata = new JsonObject
            {
                ["subscriptionId"] = Subscription,
                ["tenantId"] = Tenant,
                ["location"] = "swedencentral",
                ["deploymentName"] = "test",
            };
            using var document = JsonDocument.Parse(await BicepCompiler.SnapshotAsync(file, metadata, cancellationToken));
            return new DeploymentSnapshot(document.RootElement.Clone());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The resources of a type.</summary>
    public IEnumerable<JsonElement> OfType(string type) =>
        Resources.Where(resource => resource.GetProperty("type").GetString() == type);

    /// <summary>The last part of the names of the resources of a type.</summary>
    public IEnumerable<string> NamesOf(string type) =>
        OfType(type).Select(resource => resource.GetProperty("name").GetString()!.Split('/')[^1]);

    /// <summary>A container app by the role in its settings.</summary>
    public JsonElement App(string role) => Apps.Single(app => Settings(app)["Nanodet__Role"] == role);

    /// <summary>The container apps.</summary>
    public IEnumerable<JsonElement> Apps => OfType("Microsoft.App/containerApps");

    /// <summary>The settings of a container app that stand in the template.</summary>
    public static IReadOnlyDictionary<string, string> Settings(JsonElement app) => Variables(app, "value");

    /// <summary>The settings of a container app whose values are elsewhere, with the names of the references.</summary>
    public static IReadOnlyDictionary<string, string> References(JsonElement app) => Variables(app, "secretRef");

    /// <summary>Every role assignment.</summary>
    public IEnumerable<RoleAssignment> RoleAssignments => OfType("Microsoft.Authorization/roleAssignments").Select(assignment =>
    {
        var properties = assignment.GetProperty("properties");
        var principal = properties.GetProperty("principalId").GetString()!;
        var identity = Identity().Match(principal);
        var id = assignment.GetProperty("id").GetString()!;
        var end = id.LastIndexOf("/providers/Microsoft.Authorization/", StringComparison.Ordinal);
        var begin = id.IndexOf("/providers/", StringComparison.Ordinal) + "/providers/".Length;
        return new RoleAssignment(
            WithoutToken(identity.Success ? identity.Groups["name"].Value : principal),
            begin < end ? WithoutToken(id[begin..end]) : id[..end],
            properties.GetProperty("roleDefinitionId").GetString()!.Split('/')[^1]);
    });

    /// <summary>A name without the part that makes it unique in the world.</summary>
    public string WithoutToken(string name) => name.Replace($"-{_token}", string.Empty, StringComparison.Ordinal)
        .Replace(_token, string.Empty, StringComparison.Ordinal);

    private static Dictionary<string, string> Variables(JsonElement app, string kind) =>
        app.GetProperty("properties").GetProperty("template").GetProperty("containers")[0].GetProperty("env").EnumerateArray()
            .Where(setting => setting.TryGetProperty(kind, out _))
            .ToDictionary(setting => setting.GetProperty("name").GetString()!, setting => setting.GetProperty(kind).GetString()!);

    private static string Literal(object value) => value switch
    {
        string text => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'",
        bool truth => truth ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        IEnumerable<string> list => $"[{string.Join(", ", list.Select(Literal))}]",
        _ => throw new ArgumentException($"expected a string, a number, a truth value or a list of strings, found {value.GetType()}"),
    };

    [GeneratedRegex("(?<=^st).+$")]
    private static partial Regex Token();

    [GeneratedRegex("/(?:userAssignedIdentities|systemTopics)/(?<name>[^']+)'")]
    private static partial Regex Identity();
}
