using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Detection.Detectors;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline.Hosting;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.EndToEnd.Tests;

/// <summary>The build output of the app against host.json, the local settings and docs/operations.md.</summary>
public sealed partial class MetadataTests
{
    private static readonly JsonElement[] Functions = [.. Read("functions.metadata").EnumerateArray()];
    private static readonly JsonElement LocalSettings = Read("local.settings.json").GetProperty("Values");

    [Fact]
    public void Documentation_TableOfFunctions_HasEachFunctionOnce() =>
        Assert.Equal(Names(Functions).Order(), Operations.Functions().Order());

    [Theory]
    [InlineData("coordinator")]
    [InlineData("worker")]
    public void Documentation_ListOfARole_TurnsOffEveryFunctionOfTheOther(string role)
    {
        var table = Operations.Roles();

        var others = table.Where(row => row.Value != role && row.Value != "all").Select(row => row.Key);

        Assert.Equal(others.Order(), Operations.DisabledIn(role).Order());
    }

    [Fact]
    public void LocalSettings_EverySettingOfATrigger_HasAValue()
    {
        var wanted = Setting().Matches(JsonSerializer.Serialize(Functions)).Select(match => match.Groups["name"].Value).Distinct();

        Assert.All(wanted, name => Assert.False(
            string.IsNullOrEmpty(LocalSettings.GetProperty(name.Replace(":", "__", StringComparison.Ordinal)).GetString()), name));
    }

    [Fact]
    public void LocalSettings_FunctionsThatAreOff_Exist()
    {
        var off = LocalSettings.EnumerateObject().Select(setting => Disabled().Match(setting.Name)).Where(match => match.Success);

        Assert.All(off, match => Assert.Contains(match.Groups["name"].Value, Names(Functions)));
    }

    [Fact]
    public void LocalSettings_Committed_HoldNoSecret()
    {
        Assert.Equal("UseDevelopmentStorage=true", LocalSettings.GetProperty("AzureWebJobsStorage").GetString());
        Assert.Equal("dotnet-isolated", LocalSettings.GetProperty("FUNCTIONS_WORKER_RUNTIME").GetString());
        Assert.DoesNotContain("AccountKey", LocalSettings.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void WorkerConfig_Built_StartsThisAssembly()
    {
        var description = Read("worker.config.json").GetProperty("description");

        Assert.Equal("dotnet-isolated", description.GetProperty("language").GetString());
        Assert.True(File.Exists(Path.Combine(Deployment.AppDirectory, description.GetProperty("defaultWorkerPath").GetString()!)));
        Assert.All(Functions, function => Assert.Equal("dotnet-isolated", function.GetProperty("language").GetString()));
    }

    [Fact]
    public void HostJson_Built_IsTheOneOfTheRepositoryAndConfiguresEveryTrigger()
    {
        var host = Read("host.json");
        Assert.Equal(
            File.ReadAllText(Path.Combine(Repository.Root, "host.json")),
            File.ReadAllText(Path.Combine(Deployment.AppDirectory, "host.json")));
        var extensions = host.GetProperty("extensions");
        (string Trigger, string Section)[] sections =
            [("queueTrigger", "queues"), ("blobTrigger", "blobs"), ("httpTrigger", "http"), ("orchestrationTrigger", "durableTask")];
        foreach (var (trigger, section) in sections)
        {
            Assert.Contains(Functions, function => Trigger(function) == trigger);
            Assert.True(extensions.TryGetProperty(section, out _), $"host.json has no section {section} for {trigger}");
        }


        // The app decodes: text as today's SDKs send it would otherwise never reach it.
        Assert.Equal("none", extensions.GetProperty("queues").GetProperty("messageEncoding").GetString());
        Assert.Matches("^[A-Za-z0-9]+$", extensions.GetProperty("durableTask").GetProperty("hubName").GetString());
    }

    [Theory]
    [InlineData("extensions:queues:batchSize")]
    [InlineData("extensions:queues:newBatchThreshold")]
    [InlineData("extensions:queues:maxPollingInterval")]
    [InlineData("extensions:queues:maxDequeueCount")]
    [InlineData("extensions:queues:visibilityTimeout")]
    [InlineData("extensions:durableTask:hubName")]
    [InlineData("extensions:durableTask:storageProvider:partitionCount")]
    [InlineData("extensions:durableTask:storageProvider:maxQueuePollingInterval")]
    [InlineData("extensions:durableTask:storageProvider:controlQueueVisibilityTimeout")]
    [InlineData("extensions:durableTask:storageProvider:workItemQueueVisibilityTimeout")]
    [InlineData("extensions:durableTask:tracing:version")]
    [InlineData("telemetryMode")]
    [InlineData("functionTimeout")]
    public void HostJson_Value_IsDocumented(string path)
    {
        var value = path.Split(':').Aggregate(Read("host.json"), (node, name) => node.GetProperty(name)).ToString();

        var name = path.Replace("extensions:", string.Empty, StringComparison.Ordinal).Replace(':', '.');
        Assert.Contains($"| `{name}` | {value} |", Operations.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_EveryOneOfThem_IsInTheTableOfSettings()
    {
        var types = typeof(StorageOptions).Assembly.GetTypes().Append(typeof(DetectorOptions))
            .Select(type => (type, Section: type == typeof(DetectorOptions) ? PipelineServices.DetectorSection : Section(type)))
            .Where(type => type.Section is not null);

        Assert.All(
            types.SelectMany(type => Options(type.type).Select(option => $"{type.Section}:{option}")),
            setting => Assert.Contains($"| `{setting}` |", Operations.Text, StringComparison.Ordinal));
    }

    private static string? Section(Type type) =>
        type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true } field
            ? (string?)field.GetRawConstantValue()
            : null;

    private static IEnumerable<string> Options(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite).Select(property => property.Name);

    private static IEnumerable<string> Names(IEnumerable<JsonElement> functions) =>
        functions.Select(function => function.GetProperty("name").GetString()!);

    private static string Trigger(JsonElement function) => function.GetProperty("bindings").EnumerateArray()
        .Select(binding => binding.GetProperty("type").GetString()!).Single(type => type.EndsWith("Trigger", StringComparison.Ordinal));

    private static JsonElement Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Deployment.AppDirectory, file)));
        return document.RootElement.Clone();
    }

    [GeneratedRegex("%(?<name>[A-Za-z:]+)%")]
    private static partial Regex Setting();

    [GeneratedRegex(@"^AzureWebJobs\.(?<name>\w+)\.Disabled$")]
    private static partial Regex Disabled();
}
