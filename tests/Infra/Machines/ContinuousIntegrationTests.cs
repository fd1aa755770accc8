namespace Nanodet.Serverless.Infra.Tests.Machines;

/// <summary>.ci/run with stand-ins for the scripts that it runs.</summary>
public sealed class ContinuousIntegrationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nanodet-ci-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("echo '7 passed, 0 failed'", "true", 0, "7 passed, 0 failed")]
    [InlineData("echo '7 passed, 0 failed, 2 skipped'", "echo 'skipped: no root'; exit 77", 0, "7 passed, 0 failed, 2 skipped")]
    [InlineData("echo '7 passed, 0 failed'", "echo '  | 1 passed, 3 failed'; exit 1", 1, "7 passed, 0 failed")]
    [InlineData("echo '6 passed, 1 failed'; exit 1", "true", 1, "6 passed, 1 failed")]
    [InlineData("echo '6 passed, 1 failed'; exit 3", "exit 1", 3, "6 passed, 1 failed")]
    public async Task Run_AnyOutcome_EndsWithTheTestsLineAndTheirExitCode(string tests, string fresh, int exitCode, string lastLine)
    {
        var run = await RunAsync(tests, fresh);

        Assert.Equal((exitCode, lastLine), (run.ExitCode, run.Output.TrimEnd().Split('\n')[^1]));
    }

    [Fact]
    public async Task Run_TestsThatDoNotBuild_FailsWithoutALineOfTheirs()
    {
        var run = await RunAsync("echo 'error: the build failed' >&2; exit 1", "true");

        Assert.Equal(1, run.ExitCode);
        Assert.DoesNotContain(" passed, ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_FreshMachineThatCannotBeMade_SaysWhy()
    {
        var run = await RunAsync("echo '7 passed, 0 failed'", "echo 'skipped: no root'; exit 77");

        Assert.Contains("skipped: no root\n", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("the demo detects its photos", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_VulnerablePackage_Fails()
    {
        var run = await RunAsync("echo '7 passed, 0 failed'", "true", "echo 'error: packages with known vulnerabilities' >&2; exit 1");

        Assert.Equal((1, "7 passed, 0 failed"), (run.ExitCode, run.Output.TrimEnd().Split('\n')[^1]));
    }

    [Fact]
    public async Task Workflow_OfTheTests_HasTheWholeHistoryForTheScan() => Assert.Contains(
        "fetch-depth: 0", await File.ReadAllTextAsync(Repository.PathOf(".github", "workflows", "ci.yml"), Token), StringComparison.Ordinal);

    [Fact]
    public async Task Run_SecretFound_Fails()
    {
        var run = await RunAsync("echo '7 passed, 0 failed'", "true", secrets: "echo 'error: secrets were found' >&2; exit 1");

        Assert.Equal((1, "7 passed, 0 failed"), (run.ExitCode, run.Output.TrimEnd().Split('\n')[^1]));
    }

    [Fact]
    public async Task Run_NoBillOfMaterials_Fails()
    {
        var run = await RunAsync("echo '7 passed, 0 failed'", "true", sbom: "exit 1");

        Assert.Equal((1, "7 passed, 0 failed"), (run.ExitCode, run.Output.TrimEnd().Split('\n')[^1]));
    }

    [Fact]
    public async Task Run_CodeThatIsNotFormatted_Fails()
    {
        var run = await RunAsync("echo '7 passed, 0 failed'", "true", format: "echo 'error: run dotnet format' >&2; exit 1");

        Assert.Equal((1, "7 passed, 0 failed"), (run.ExitCode, run.Output.TrimEnd().Split('\n')[^1]));
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string tests, string fresh, string audit = "true", string format = "true", string secrets = "true", string sbom = "true")
    {
        var script = Path.Combine(_folder.FullName, ".ci", "run");
        Directory.CreateDirectory(Path.GetDirectoryName(script)!);
        File.Copy(Repository.PathOf(".ci", "run"), script);
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "test.sh"), $"#!/bin/sh\n{tests}\n", Token);
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "tools", "fresh-machine.sh"), $"#!/bin/sh\n{fresh}\n", Token);
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "tools", "audit.sh"), $"#!/bin/sh\n{audit}\n", Token);
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "tools", "format.sh"), $"#!/bin/sh\n{format}\n", Token);
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "tools", "secrets.sh"), $"#!/bin/sh\n{secrets}\n", Token);
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "tools", "sbom.sh"), $"#!/bin/sh\n{sbom}\n", Token);

        // So that nothing is installed.
        await Shell.WriteAsync(Path.Combine(_folder.FullName, "commands", "debootstrap"), "#!/bin/sh\n", Token);

        return await Shell.RunAsync(
            _folder.FullName, [script], $"{_folder.FullName}/commands:{Environment.GetEnvironmentVariable("PATH")}", Token);
    }
}
