using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Cli.Tests.Documents;

/// <summary>The lines of the documents that call <c>nanodet</c>, as a reader copies them into a shell.</summary>
internal static partial class DocumentCommands
{
    /// <summary>Every such line: README.md first, then docs/ by name, then the package's page.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. new[] { "README.md" }
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Order(StringComparer.Ordinal))
            .Append(Path.Combine("src", "Cli", "README.md"))
            .SelectMany(file => Blocks().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))))
            .SelectMany(block => block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
            .Where(line => Calls(line).Any()),
    ];

    /// <summary>What stands behind each <c>nanodet</c> of a line, without comments and redirections, with quotes as the parser knows them.</summary>
    public static IEnumerable<string> Calls(string line) =>
        line.Split('|', '(').Select(part => part.Trim())
            .Where(part => part == "nanodet" || part.StartsWith("nanodet ", StringComparison.Ordinal))
            .Select(part => Rest().Replace(part["nanodet".Length..], string.Empty).TrimEnd(')', '&', ' ').Trim().Replace('\'', '"'));

    [GeneratedRegex("```[a-z]*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(" (#|>|<<|&&).*$")]
    private static partial Regex Rest();
}
