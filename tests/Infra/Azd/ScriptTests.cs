using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Infra.Tests.Azd;

public sealed partial class ScriptTests
{
    public static TheoryData<string> Scripts { get; } = [.. Find()];

    public static TheoryData<string> PowerShellScripts { get; } = [.. FindPowerShell()];

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
    [InlineData("infra/hooks/postdown.sh")]
    [InlineData("infra/preflight.sh")]
    [InlineData("infra/down.sh")]
    [InlineData("tools/container/healthcheck")]
    [InlineData("tools/container/nanodet")]
    [InlineData("demo.sh")]
    [InlineData("test.sh")]
    [InlineData("tools/fresh-machine.sh")]
    public void Script_ThatIsRun_IsExecutable(string script) =>
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Repository.PathOf(script)).HasFlag(UnixFileMode.UserExecute));

    /// <summary>PowerShell goes on after a command that failed: whoever calls one has to look.</summary>
    [Theory]
    [MemberData(nameof(PowerShellScripts))]
    public void Script_ForPowerShell_LooksAtTheCodeOfEveryCommand(string script)
    {
        var text = File.ReadAllText(Repository.PathOf(script)).ReplaceLineEndings("\n");

        Assert.Empty(Unchecked(text));
        if (text.Contains("Invoke-", StringComparison.Ordinal))
        {
            Assert.StartsWith("$ErrorActionPreference = 'Stop'\ntrap { ", text[text.IndexOf('$', StringComparison.Ordinal)..], StringComparison.Ordinal);
            Assert.Contains("common.ps1')\n", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("azd env set A B", true)]
    [InlineData("$ids = az resource list --output tsv", true)]
    [InlineData("$ids = @(az resource list | Sort-Object)", true)]
    [InlineData("if ((az group exists) -ne 'true') { }", true)]
    [InlineData("(curl $uri) -match 'x'", true)]
    [InlineData("& $command", true)]
    [InlineData("$ids = Invoke-Native az resource list", false)]
    [InlineData("$ids = @(Invoke-Optional az resource list)", false)]
    [InlineData("Get-Command curl -ErrorAction SilentlyContinue", false)]
    [InlineData("Stop-WithError \"run 'azd deploy'\" # az says it", false)]
    [InlineData("if (& $test) { }", false)]
    public void Commands_WhoseCodeNobodyLooksAt_AreSeen(string line, bool isSeen) => Assert.Equal(isSeen, Unchecked(line).Length > 0);

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

    /// <summary>Calls of a command that neither Invoke-Native nor Invoke-Optional makes.</summary>
    private static string[] Unchecked(string script) =>
    [
        .. Call().Matches(Quoted().Replace(script, match => match.Value[0] == '#' ? string.Empty : "\"\""))
            .Where(match => !Checked().IsMatch(match.Groups["before"].Value) && match.Value.Trim() != "& $test").Select(match => match.Value),
    ];

    /// <summary>All but the one that makes the calls.</summary>
    private static IEnumerable<string> FindPowerShell() =>
        Directory.EnumerateFiles(Repository.PathOf("infra"), "*.ps1", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) != "common.ps1")
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Order();

    [GeneratedRegex("'(?:[^']|'')*'|\"(?:`.|[^\"`])*\"|#[^\\n]*")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<before>[\w-]*[ \t]*)(?<![\w$.-])((az|azd|curl)(?![\w.-])|&[ \t]*[$\w]+)")]
    private static partial Regex Call();

    [GeneratedRegex("^(Invoke-Native|Invoke-Optional|Get-Command|Test-Tool)[ \t]+$")]
    private static partial Regex Checked();

    private static IEnumerable<string> Find() =>
        new[] { "demo.sh", "test.sh", ".ci/run" }
            .Concat(new[] { "infra", "tools" }.SelectMany(folder =>
                Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
                    .Where(path => Path.GetExtension(path) is "" or ".sh" && !path.Contains("node_modules", StringComparison.Ordinal))
                    .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))))
            .Order();
}
