using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

public sealed partial class CompilerTests
{
    private static readonly string[] Files =
        [Template.Main, .. Directory.EnumerateFiles(Path.Combine(Template.Folder, "modules"), "*.bicep").Order()];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Build_Template_HasNoWarningAndTheLinterFindsNothing()
    {
        var run = await Template.CompileAsync();

        Assert.Empty(run.Diagnostics);
        Assert.True(run.IsSuccess);
        using var compiled = JsonDocument.Parse(run.Template);
        Assert.Contains(
            "subscriptionDeploymentTemplate", compiled.RootElement.GetProperty("$schema").GetString(), StringComparison.Ordinal);
    }

    /// <summary>The linter looks at what the template is made of: a file that nothing names would not be looked at.</summary>
    [Fact]
    public void Modules_EachFile_IsUsed()
    {
        var text = string.Concat(Files.Select(File.ReadAllText));

        Assert.All(
            Files.Where(file => file != Template.Main),
            file => Assert.Matches($"(modules/|from '){Regex.Escape(Path.GetFileName(file))}'", text));
    }

    /// <summary>Deliberately wrong: what the linter says of it is what it would say of the template.</summary>
    [Fact]
    public async Task Build_FileWithAFinding_SaysSo()
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-lint-");
        try
        {
            var file = Path.Combine(folder.FullName, "wrong.bicep");
            await File.WriteAllTextAsync(file, "param unused string\noutput address string = 'https://management.azure.com'\n", Token);
            File.Copy(Path.Combine(Template.Folder, "bicepconfig.json"), Path.Combine(folder.FullName, "bicepconfig.json"));

            var run = await BicepCompiler.BuildAsync(file, Token);

            Assert.Contains(run.Diagnostics, diagnostic => diagnostic.Contains("Error no-unused-params", StringComparison.Ordinal));
            Assert.Contains(run.Diagnostics, diagnostic => diagnostic.Contains("Error no-hardcoded-env-urls", StringComparison.Ordinal));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Format_EveryFile_IsAsTheFormatterLeavesIt()
    {
        foreach (var file in Files)
        {
            var formatted = await BicepCompiler.FormatAsync(file, Token);
            Assert.True(await File.ReadAllTextAsync(file, Token) == formatted, $"run bicep format {file}");
        }
    }

    [Fact]
    public void Configuration_EveryRule_IsAnError()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Template.Folder, "bicepconfig.json")));
        var rules = document.RootElement.GetProperty("analyzers").GetProperty("core").GetProperty("rules").EnumerateObject().ToArray();

        Assert.True(rules.Length > 30);
        Assert.All(rules, rule => Assert.Equal("error", rule.Value.GetProperty("level").GetString()));
    }

    [Theory]
    [InlineData("gpu-t4", "split")]
    [InlineData("gpu-t4", "single")]
    [InlineData("gpu-a100", "split")]
    [InlineData("gpu-a100", "single")]
    [InlineData("cpu", "split")]
    [InlineData("cpu", "single")]
    public async Task Evaluation_EachHostingAndTopology_HasNothingToSay(string hosting, string topology) =>
        Assert.Empty((await Template.EvaluateAsync(hosting, topology)).Diagnostics);

    /// <summary>Every parameter is reachable by <c>azd env set</c>, and means there what it means in the template.</summary>
    [Fact]
    public async Task Parameters_OfAzd_AreTheTemplatesWithTheirDefaults()
    {
        var run = await Template.CompileAsync();
        using var compiled = JsonDocument.Parse(run.Template);
        using var azd = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Template.Folder, "main.parameters.json"), Token));
        var declared = compiled.RootElement.GetProperty("parameters").EnumerateObject().ToDictionary(item => item.Name, item => item.Value);
        var given = azd.RootElement.GetProperty("parameters").EnumerateObject().ToDictionary(
            item => item.Name, item => Placeholder().Match(item.Value.GetProperty("value").GetString()!));

        Assert.Equal(declared.Keys.Order(), given.Keys.Order());
        Assert.All(given, parameter => Assert.True(parameter.Value.Success, parameter.Key));
        Assert.All(declared.Where(parameter => parameter.Value.TryGetProperty("defaultValue", out _)), parameter => Assert.Equal(
            parameter.Value.GetProperty("defaultValue").ToString(), given[parameter.Key].Groups["default"].Value, ignoreCase: true));

        // A list or an object could not be said in an environment variable.
        Assert.All(
            declared.Where(parameter => parameter.Value.TryGetProperty("type", out _)),
            parameter => Assert.DoesNotMatch("^(array|object)$", parameter.Value.GetProperty("type").GetString()));
    }

    [Fact]
    public void Parameters_OfAzd_AreInTheOperationsManual()
    {
        var text = File.ReadAllText(Repository.PathOf("docs", "operations.md"));
        var parameters = File.ReadAllText(Path.Combine(Template.Folder, "main.parameters.json"));
        var names = Placeholder().Matches(parameters.Replace("\"", "\n", StringComparison.Ordinal))
            .Select(match => match.Groups["name"].Value).Where(name => name.StartsWith("NANODET_", StringComparison.Ordinal)).ToArray();

        Assert.True(names.Length > 20);
        Assert.All(names, name => Assert.Contains($"`{name}`", text, StringComparison.Ordinal));
    }

    /// <summary>A preview may change or go. Of the diagnostic settings no stable version has groups of categories.</summary>
    [Fact]
    public async Task Versions_OfEveryApi_AreStable()
    {
        foreach (var snapshot in new[] { await Template.EvaluateFullAsync(), await Template.EvaluateScheduledAsync() })
        {
            var previews = snapshot.Resources
                .Where(resource => resource.GetProperty("apiVersion").GetString()!.EndsWith("-preview", StringComparison.Ordinal))
                .Select(resource => resource.GetProperty("type").GetString()).Distinct();

            Assert.Equal(["Microsoft.Insights/diagnosticSettings"], previews);
        }
    }

    [GeneratedRegex(@"^\$\{(?<name>[A-Z_]+)(=(?<default>[^}]*))?\}$", RegexOptions.Multiline)]
    private static partial Regex Placeholder();
}
