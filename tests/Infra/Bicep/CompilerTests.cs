using System.Text.Json;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

public sealed class CompilerTests
{
    private static readonly string[] Files =
        [Template.Main, .. Directory.EnumerateFiles(Path.Combine(Template.Folder, "modules"), "*.bicep").Order()];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Build_Template_HasNoWarning()
    {
        var run = await Template.CompileAsync();

        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        using var compiled = JsonDocument.Parse(run.Output);
        Assert.Contains("subscriptionDeploymentTemplate", compiled.RootElement.GetProperty("$schema").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lint_EveryFile_HasNoFinding()
    {
        var run = await BicepCompiler.RunAsync(["lint", "--pattern", Path.Combine(Template.Folder, "**", "*.bicep"), "--no-restore"], Token);

        Assert.Equal((0, string.Empty, string.Empty), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Format_EveryFile_IsAsTheFormatterLeavesIt()
    {
        var copy = Directory.CreateTempSubdirectory("nanodet-format-");
        try
        {
            foreach (var file in Files)
            {
                var path = Path.Combine(copy.FullName, Path.GetRelativePath(Template.Folder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.Copy(file, path);
            }

            var configuration = Path.Combine(Template.Folder, "bicepconfig.json");
            var run = await BicepCompiler.RunAsync(
                ["format", "--pattern", Path.Combine(copy.FullName, "**", "*.bicep"), "--config", configuration], Token);
            Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
            Assert.All(Files, file => Assert.True(
                File.ReadAllText(file) == File.ReadAllText(Path.Combine(copy.FullName, Path.GetRelativePath(Template.Folder, file))),
                $"run bicep format {file}"));
        }
        finally
        {
            copy.Delete(recursive: true);
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

    [Fact]
    public async Task Parameters_OfAzd_AreTheTemplates()
    {
        var run = await Template.CompileAsync();
        using var compiled = JsonDocument.Parse(run.Output);
        using var azd = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Template.Folder, "main.parameters.json"), Token));
        var declared = compiled.RootElement.GetProperty("parameters").EnumerateObject().ToArray();
        var given = azd.RootElement.GetProperty("parameters").EnumerateObject().ToArray();

        Assert.Empty(given.Select(parameter => parameter.Name).Except(declared.Select(parameter => parameter.Name)));
        var required = declared.Where(parameter => !parameter.Value.TryGetProperty("defaultValue", out _)).Select(parameter => parameter.Name);
        Assert.Empty(required.Except(given.Select(parameter => parameter.Name)));
        Assert.All(given, parameter => Assert.Matches(@"^\$\{[A-Z_]+(=[^}]*)?\}$", parameter.Value.GetProperty("value").GetString()!));
    }
}
