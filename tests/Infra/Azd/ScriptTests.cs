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

    private static IEnumerable<string> Find() =>
        new[] { "demo.sh", "test.sh", ".ci/run" }
            .Concat(new[] { "infra", "tools" }.SelectMany(folder =>
                Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
                    .Where(path => Path.GetExtension(path) is "" or ".sh" && !path.Contains("node_modules", StringComparison.Ordinal))
                    .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))))
            .Order();
}
