using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Infra.Tests.Image;

/// <summary>The Dockerfile, by stage and instruction.</summary>
internal sealed partial class Dockerfile
{
    private readonly List<(string Stage, string Instruction, string Arguments)> _lines = [];

    private Dockerfile(string text)
    {
        var stage = string.Empty;
        foreach (var line in Continuation().Replace(Comment().Replace(text, string.Empty), " ").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var match = Instruction().Match(line);
            if (!match.Success)
            {
                continue;
            }

            var (instruction, arguments) = (match.Groups["name"].Value, match.Groups["rest"].Value.Trim());
            if (instruction == "FROM")
            {
                stage = arguments.Split(' ')[^1];
            }

            _lines.Add((stage, instruction, arguments));
        }
    }

    public static Dockerfile Read() => new(File.ReadAllText(Repository.PathOf("Dockerfile")));

    /// <summary>The stages, in order.</summary>
    public IEnumerable<string> Stages => _lines.Where(line => line.Instruction == "FROM").Select(line => line.Stage);

    /// <summary>The base image of a stage, with its argument's default filled in.</summary>
    public string Base(string stage)
    {
        var image = Of(stage, "FROM").Single().Split(' ')[0];
        return Argument().Match(image) is { Success: true } argument
            ? Of(string.Empty, "ARG").Single(line => line.StartsWith(argument.Groups["name"].Value + "=", StringComparison.Ordinal)).Split('=', 2)[1]
            : image;
    }

    /// <summary>The arguments of each such instruction of a stage.</summary>
    public IEnumerable<string> Of(string stage, string instruction) =>
        _lines.Where(line => line.Stage == stage && line.Instruction == instruction).Select(line => line.Arguments);

    /// <summary>The packages that a stage installs, without their versions.</summary>
    public IReadOnlySet<string> Packages(string stage) => PackageLists(stage).Select(package => package.Split('=')[0]).ToHashSet();

    /// <summary>The packages that a stage installs, as they are written.</summary>
    public IEnumerable<string> PackageLists(string stage) => Of(stage, "RUN").SelectMany(run => run.Split(["&&", "||", ";"], StringSplitOptions.None))
        .Where(command => command.Contains("apt-get install", StringComparison.Ordinal))
        .SelectMany(command => command.Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(word => word != "install").Skip(1))
        .Where(word => !word.StartsWith('-'));

    [GeneratedRegex(@"^\s*#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\\\r?\n")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"^(?<name>[A-Z]+)\s+(?<rest>.*)$")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^\$\{(?<name>\w+)\}$")]
    private static partial Regex Argument();
}
