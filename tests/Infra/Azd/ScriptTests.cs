using System.Diagnostics;

namespace Nanodet.Serverless.Infra.Tests.Azd;

public sealed class ScriptTests
{
    public static TheoryData<string> Scripts { get; } = [.. Find()];

    [Theory]
    [MemberData(nameof(Scripts))]
    public async Task Script_OfTheRepository_Parses(string script)
    {
        var path = Repository.PathOf(script);
        var shell = (await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken))[0].EndsWith("/sh", StringComparison.Ordinal) ? "sh" : "bash";
        var start = new ProcessStartInfo(shell, ["-n", path]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, string.Empty), (process.ExitCode, error));
    }

    [Theory]
    [InlineData("infra/hooks/postprovision.sh")]
    [InlineData("infra/hooks/postdeploy.sh")]
    [InlineData("infra/hooks/predown.sh")]
    [InlineData("infra/preflight.sh")]
    [InlineData("infra/down.sh")]
    [InlineData("tools/container/healthcheck")]
    [InlineData("tools/container/nanodet")]
    [InlineData("demo.sh")]
    [InlineData("test.sh")]
    [InlineData("tools/fresh-machine.sh")]
    public void Script_ThatIsRun_IsExecutable(string script) =>
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Repository.PathOf(script)).HasFlag(UnixFileMode.UserExecute));

    /// <summary>The end of demo.sh, with what came before it made up: a folder whose name a shell would take apart.</summary>
    [Fact]
    public async Task Demo_LastLine_IsACommandThatShowsItsResults()
    {
        var demo = await File.ReadAllTextAsync(Repository.PathOf("demo.sh"), TestContext.Current.CancellationToken);
        var end = demo[demo.IndexOf("printf '\\n== Done", StringComparison.Ordinal)..];
        var begin = Assert.Single(demo.Split('\n'), line => line.StartsWith("nanodet=(", StringComparison.Ordinal));
        const string output = "/tmp/the demo's $output";
        const string script =
            """
            set -euo pipefail
            stays_open= viewer=x output=$1 photos=$1/photos stage_times=(a b)
            eval "$2"
            lines=$(eval "$3")
            eval "set -- ${lines##*$'\n'}"
            printf '%s\n' "$@"
            """;
        var start = new ProcessStartInfo("bash", ["-c", script, "bash", output, begin, end])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Repository.Root,
        };
        using var process = Process.Start(start)!;
        var arguments = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.Equal(
            [
                "dotnet", Path.Combine(Repository.Root, "src/Cli/bin/Release/net10.0/Nanodet.Serverless.Cli.dll"),
                "view", $"{output}/results", "--images", $"{output}/photos",
            ],
            arguments.TrimEnd('\n').Split('\n'));
    }

    private static IEnumerable<string> Find() =>
        new[] { "demo.sh", "test.sh", ".ci/run" }
            .Concat(new[] { "infra", "tools" }.SelectMany(folder =>
                Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
                    .Where(path => Path.GetExtension(path) is "" or ".sh" && !path.Contains("node_modules", StringComparison.Ordinal))
                    .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))))
            .Order();
}
