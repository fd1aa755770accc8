using System.CommandLine;
using Nanodet.Serverless.Cli.Commands;
using Nanodet.Serverless.Cli.Tests.Documents;

namespace Nanodet.Serverless.Cli.Tests;

/// <summary>The command line as a whole: what help and documents show is taken as it stands.</summary>
public sealed class CommandLineTests
{
    private static readonly ParserConfiguration Plain = new() { ResponseFileTokenReplacer = null };

    [Fact]
    public void Help_EveryExample_IsTakenAndIsOfItsCommand()
    {
        var root = NanodetCommand.CreateRoot(AllCommands.Create());
        Assert.Equal(ExitCodeTests.Paths().Append(string.Empty).Order(), HelpExamples.All.Keys.Order());
        foreach (var (path, examples) in HelpExamples.All)
        {
            Assert.NotEmpty(examples);
            Assert.All(examples.SelectMany(Commands), example => AssertTaken(root, example));
            if (path.Length > 0)
            {
                Assert.Contains(examples.SelectMany(Commands), example => example.StartsWith(path, StringComparison.Ordinal));
                AssertIsACommand(root, path);
            }
        }
    }

    [Fact]
    public void Documents_EveryCommandLine_IsTaken()
    {
        var root = NanodetCommand.CreateRoot(AllCommands.Create());
        var commands = DocumentCommands.All.SelectMany(Commands).ToList();

        Assert.InRange(commands.Count, 40, 500);
        Assert.All(commands, command => AssertTaken(root, command));
    }

    /// <summary>PowerShell gives the line without the blank at its end, and the position behind that blank.</summary>
    [Theory]
    [InlineData("[suggest:8]", "nanodet", "detect")]
    [InlineData("[suggest:16]", "nanodet results", "export")]
    [InlineData("[suggest:16]", "nanodet results ", "export")]
    [InlineData("[suggest:10]", "nanodet de results", "detect")]
    public async Task Suggest_PositionBehindTheLine_IsBehindABlank(string position, string line, string word) =>
        Assert.Contains(word, (await Cli.RunAsync(position, line)).Output.Split('\n', StringSplitOptions.TrimEntries));

    [Fact]
    public async Task Completion_Bash_OffersCommandsOptionsAndValues()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("the script is for bash");
        }

        const string ask = """
            program=$0
            nanodet() { dotnet "$program" "$@"; }
            eval "$(nanodet completion bash)"
            complete_line() {
                COMP_LINE=$1; COMP_POINT=${#1}; read -ra COMP_WORDS <<<"$1"
                [[ $1 == *' ' ]] && COMP_WORDS+=('')
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=(); _nanodet; echo "${COMPREPLY[@]}"
            }
            complete_line 'nanodet resul'
            complete_line 'nanodet results export --form'
            complete_line 'nanodet results export --format co'
            """;
        var run = await Cli.RunProgramAsync("bash", ["-c", ask, Cli.Program]);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(["results", "--format", "coco coco-dataset"], run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static void AssertTaken(RootCommand root, string command)
    {
        var parsed = root.Parse(command, Plain);
        Assert.True(parsed.Errors.Count == 0, $"nanodet {command}: {string.Join(" ", parsed.Errors.Select(error => error.Message))}");
    }

    private static void AssertIsACommand(RootCommand root, string path)
    {
        Command command = root;
        foreach (var name in path.Split(' '))
        {
            command = command.Subcommands.Single(known => known.Name == name);
        }
    }

    private static IEnumerable<string> Commands(string line) =>
        DocumentCommands.Calls(line).Select(call => call.Replace("ACCOUNT", "account1", StringComparison.Ordinal));
}
