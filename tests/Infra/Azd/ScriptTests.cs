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

    /// <summary>Before 7.3 an empty argument is not passed: `azd env set NAME ''` would be an error.</summary>
    [Fact]
    public void Scripts_ForPowerShell_AskForTheVersionOfTheManual()
    {
        Assert.True(FindPowerShell().Count() >= 6);
        Assert.All(FindPowerShell(), script => Assert.StartsWith(
            "#Requires -Version 7.3\n", File.ReadAllText(Repository.PathOf(script)).ReplaceLineEndings("\n"), StringComparison.Ordinal));
        Assert.Contains("[PowerShell 7.3 or later]", File.ReadAllText(Repository.PathOf("docs", "deploy.md")), StringComparison.Ordinal);
    }

    /// <summary>
    /// On Windows az is a batch file: cmd takes double quotes away, and gives some signs a meaning of their own unless PowerShell puts quotes around
    /// them, which it does where there is a space.
    /// </summary>
    [Fact]
    public void Arguments_OfAzForPowerShell_AreWhatABatchFileGetsWhole()
    {
        var calls = Directory.EnumerateFiles(Repository.PathOf("infra"), "*.ps1", SearchOption.AllDirectories)
            .SelectMany(script => Arguments(File.ReadAllText(script))).ToArray();

        Assert.True(calls.Length > 40);
        Assert.DoesNotContain(calls, IsBroken);
    }

    [Theory]
    [InlineData("Invoke-Native az version --query '\"azure-cli\"'", true)]
    [InlineData("$x = Invoke-Optional az a `\n  --query 'tags.\"b\"' --output tsv", true)]
    [InlineData("Invoke-Patiently 'x' list @(\n  '--query', 'a.\"b c\"')", true)]
    [InlineData("Invoke-Native az a --query \"a=`\"b`\"\"", true)]
    [InlineData("Invoke-Native az a --query '[?a>b]'", true)]
    [InlineData("Invoke-Native az a --query '[?a > b]' | Where-Object { $_ -ne '\"' }", false)]
    [InlineData("if ((Invoke-Optional curl $uri) -match '\"live\"') { }", false)]
    [InlineData("Invoke-Native az a\nWrite-Output '\"'", false)]
    public void Arguments_ThatABatchFileLoses_AreSeen(string script, bool isSeen) => Assert.Equal(isSeen, Arguments(script).Any(IsBroken));

    /// <summary>az has a subscription of its own; a call says which one it means, or names what it means by its whole id.</summary>
    [Theory]
    [InlineData("postprovision.ps1")]
    [InlineData("postdeploy.ps1")]
    [InlineData("predown.ps1")]
    [InlineData("postdown.ps1")]
    public void Hooks_ForPowerShell_SayInWhichSubscription(string hook)
    {
        var calls = Calls(File.ReadAllText(Repository.PathOf("infra", "hooks", hook))).Where(call => AzCall().IsMatch(call)).ToArray();

        Assert.NotEmpty(calls);
        Assert.All(calls, call => Assert.True(call.Contains("@inSubscription", StringComparison.Ordinal) || call.Contains("--ids", StringComparison.Ordinal), call));
    }

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

    /// <summary>Each call of a command with its arguments, which may go on in further lines.</summary>
    private static IEnumerable<string> Calls(string script)
    {
        foreach (Match match in Invocation().Matches(script))
        {
            var (depth, quote, end) = (0, '\0', match.Index);
            for (; end < script.Length; end++)
            {
                var letter = script[end];
                if (quote != '\0')
                {
                    end += letter == '`' && quote == '"' ? 1 : 0;
                    quote = letter == quote ? '\0' : quote;
                    continue;
                }

                quote = letter is '\'' or '"' ? letter : quote;
                depth += letter is '(' or '{' ? 1 : letter is ')' or '}' ? -1 : 0;
                if (depth < 0 || (depth == 0 && (letter == '|' || (letter == '\n' && script[end - 1] is not '`' and not '\r'))))
                {
                    break;
                }
            }

            yield return script[match.Index..end];
        }
    }

    /// <summary>The texts in quotes among the arguments of each call.</summary>
    private static IEnumerable<string> Arguments(string script) =>
        Calls(script.ReplaceLineEndings("\n")).SelectMany(call => Quoted().Matches(call).Select(match => match.Value));

    private static bool IsBroken(string argument)
    {
        var text = argument[1..^1];
        return argument[0] != '#' && (text.Contains('"', StringComparison.Ordinal) || (!text.Contains(' ', StringComparison.Ordinal) && text.Any("&|<>^%".Contains)));
    }

    /// <summary>All but the one that makes the calls.</summary>
    private static IEnumerable<string> FindPowerShell() =>
        Directory.EnumerateFiles(Repository.PathOf("infra"), "*.ps1", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) != "common.ps1")
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Order();

    [GeneratedRegex(@"\bInvoke-(Native|Optional|Patiently|Blob)[ \t]")]
    private static partial Regex Invocation();

    [GeneratedRegex(@"^Invoke-(Native|Optional) az ")]
    private static partial Regex AzCall();

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
