using System.CommandLine;
using System.Globalization;
using Nanodet.Serverless.Cli.Output;

namespace Nanodet.Serverless.Cli.Commands;

/// <summary>
/// <c>nanodet completion</c>: the script with which a shell completes commands and options. The script asks the program itself, so that it
/// fits every version: <c>nanodet [suggest:POSITION] LINE</c> prints what may follow, a word a line.
/// </summary>
internal static class CompletionCommand
{
    /// <summary>How a word begins that asks for completions.</summary>
    public const string Directive = "[suggest";

    private const string Bash = """
        # nanodet: completion for bash
        _nanodet() {
            local words
            words=$(nanodet "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null) || return 0
            local IFS=$'\n'
            COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _nanodet nanodet
        """;

    private const string Zsh = """
        #compdef nanodet
        # nanodet: completion for zsh
        _nanodet() {
            local -a words_found
            words_found=("${(@f)$(nanodet "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            if [[ -n "${words_found[*]}" ]]; then
                compadd -- $words_found
            else
                _files
            fi
        }
        # Loaded by its name, the whole file is the function, and this is its first call.
        if [[ "${funcstack[1]}" = _nanodet ]]; then
            _nanodet "$@"
        else
            compdef _nanodet nanodet
        fi
        """;

    private const string PowerShell = """
        # nanodet: completion for PowerShell
        Register-ArgumentCompleter -Native -CommandName nanodet -ScriptBlock {
            param($wordToComplete, $commandAst, $cursorPosition)
            nanodet "[suggest:$cursorPosition]" "$commandAst" 2>$null |
                Where-Object { $_ -like "$wordToComplete*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;

    /// <summary>Creates the command.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or pwsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "pwsh");
        var install = new Option<bool>("--install")
        {
            Description = "Write the script where the shell looks for it, and say where that is. For bash and zsh.",
        };
        var command = new Command("completion", "Print the script that completes commands and options in a shell.") { shell, install };
        command.Validators.Add(result =>
        {
            if (result.GetValue(install) && result.GetResult(shell) is { Tokens: [{ Value: "pwsh" }] })
            {
                result.AddError("--install: not for pwsh, whose profile is yours. Run: nanodet completion pwsh >> $PROFILE");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(shell);
            var script = (name switch { "bash" => Bash, "zsh" => Zsh, _ => PowerShell }).ReplaceLineEndings("\n") + "\n";
            if (!parsed.GetValue(install))
            {
                await Console.Out.WriteAsync(script);
                return ExitCode.Ok;
            }

            var file = new FileInfo(name == "bash" ? BashFile() : ZshFile());
            await InputFile.WriteAsync(file, System.Text.Encoding.UTF8.GetBytes(script), cancellationToken);
            await Console.Out.WriteLineAsync(name == "bash"
                ? $"{file}: a new bash reads it, where the package bash-completion is installed"
                : $"{file}: put this into .zshrc before compinit, unless it is there: fpath=({file.DirectoryName} $fpath)");
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Prints what may follow in a command line.</summary>
    /// <param name="root">Every command.</param>
    /// <param name="arguments">The directive with the cursor's position, and the line with the program's name.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> SuggestAsync(RootCommand root, IReadOnlyList<string> arguments)
    {
        var line = arguments.Count > 1 ? arguments[1] : string.Empty;
        var position = arguments[0].Split(':') is [_, var number]
            && int.TryParse(number.TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            ? place
            : line.Length;

        // PowerShell gives the line without the blank behind it, and the position with it.
        line = line.PadRight(Math.Min(position, line.Length + 1));
        position = Math.Min(position, line.Length);

        // The program may be called by another name or path than the parser knows: what counts is behind it.
        var start = line.IndexOf(' ', StringComparison.Ordinal) + 1;
        if (start == 0 || start > position)
        {
            return ExitCode.Ok;
        }

        var completions = root.Parse(line[start..position], new ParserConfiguration { ResponseFileTokenReplacer = null })
            .GetCompletions(position - start);
        foreach (var word in completions.Select(known => known.InsertText ?? known.Label).Where(word => !word.StartsWith('/')))
        {
            await Console.Out.WriteLineAsync(word);
        }

        return ExitCode.Ok;
    }

    private static string BashFile() => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data ? data : Path.Combine(Home(), ".local", "share"),
        "bash-completion",
        "completions",
        "nanodet");

    private static string ZshFile() => Path.Combine(
        Environment.GetEnvironmentVariable("ZDOTDIR") is { Length: > 0 } folder ? folder : Home(), ".zfunc", "_nanodet");

    private static string Home() => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
}
