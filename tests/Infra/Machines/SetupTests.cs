using System.Text.Json;

namespace Nanodet.Serverless.Infra.Tests.Machines;

/// <summary>tools/setup.sh with commands that answer as another machine's would.</summary>
public sealed class SetupTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-setup-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("v20.0.0")]
    [InlineData("v22.11.0")]
    [InlineData("v100.1.0")]
    public async Task RequireNpm_NodeThatIsNewEnough_Passes(string version)
    {
        await CommandAsync("node", $"echo {version}");
        await CommandAsync("npm", "true");

        Assert.Equal((0, string.Empty, string.Empty), await RunAsync("require_npm"));
    }

    [Theory]
    [InlineData("echo v18.20.4", "v18.20.4")]
    [InlineData("echo v8.0.0", "v8.0.0")]
    [InlineData("exit 1", "nothing that runs")]
    public async Task RequireNpm_OtherNode_SaysWhatIsNeededAndFound(string node, string found)
    {
        await CommandAsync("node", node);

        var run = await RunAsync("require_npm");

        Assert.Equal((1, string.Empty), (run.ExitCode, run.Output));
        Assert.Equal(
            $"error: Node.js 20 or later is needed; '{_folder.FullName}/node' is {found}. Install it, or put the newer one first on the path\n",
            run.Error);
    }

    [Fact]
    public async Task RequireDotnet_NoSdkThatFits_SaysWhatIsNeededAndFound()
    {
        await CommandAsync("dotnet", """[ "$1" = --list-sdks ] && printf '8.0.100 [/sdk]\n10.0.100 [/sdk]\n'""");

        var run = await RunAsync("require_dotnet");

        Assert.Equal((1, string.Empty), (run.ExitCode, run.Output));
        Assert.Equal(
            $"error: the .NET 10 SDK is needed, {Sdk("version")} or later of .NET 10 (global.json); '{_folder.FullName}/dotnet' has 8.0.100 10.0.100. "
            + "Install it, or put the one that has it first on the path\n",
            run.Error);
    }

    [Fact]
    public async Task AuditNotes_OneFindingOfManyProjects_IsSaidOnce()
    {
        var log = Path.Combine(_folder.FullName, "log");
        const string Finding = "NU1903: Package 'Example' 1.0.0 has a known high severity vulnerability, https://example.com/GHSA-1";
        await File.WriteAllLinesAsync(
            log,
            [$"/a/A.csproj : warning {Finding} [/a/All.sln]", $"/a/B.csproj : warning {Finding}", "/a/B.csproj : warning NU1603: Example was not found."],
            Token);

        var run = await RunAsync($"audit_notes '{log}'; audit_notes '{log}'");

        Assert.Equal((0, string.Empty, $"note: {Finding}\n"), run);
    }

    [Fact]
    public async Task Versions_OfReadmeWorkflowAndImage_AreThoseThatTheScriptsAskFor()
    {
        var readme = await File.ReadAllTextAsync(Repository.PathOf("README.md"), Token);
        var node = (await RunAsync("echo $node_least")).Output.Trim();

        Assert.Equal("latestFeature", Sdk("rollForward"));
        Assert.Contains($"| .NET SDK | {Sdk("version")} or later of .NET 10", readme, StringComparison.Ordinal);
        Assert.Contains($"| Node.js | {node} or later", readme, StringComparison.Ordinal);
        Assert.Contains($"node-version: {node}\n", await File.ReadAllTextAsync(Repository.PathOf(".github", "workflows", "ci.yml"), Token), StringComparison.Ordinal);
        Assert.Contains($"/sdk:{Sdk("version")}@", await File.ReadAllTextAsync(Repository.PathOf("Dockerfile"), Token), StringComparison.Ordinal);
    }

    private static string Sdk(string property)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("global.json")));
        return document.RootElement.GetProperty("sdk").GetProperty(property).GetString()!;
    }

    private Task CommandAsync(string name, string does) => Shell.WriteAsync(Path.Combine(_folder.FullName, name), $"#!/bin/sh\n{does}\n", Token);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string command) => Shell.RunAsync(
        Repository.Root, ["-c", $"source tools/setup.sh; {command}"], $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}", Token);
}
