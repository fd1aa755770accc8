using System.Text.RegularExpressions;

namespace Nanodet.Serverless.EndToEnd.Tests.Hosting;

/// <summary>What docs/operations.md promises; the tests deploy by it.</summary>
internal static partial class Operations
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

    /// <summary>The functions that the document's list of a role turns off.</summary>
    public static IReadOnlyList<string> DisabledIn(string role) => role == "all"
        ? []
        : [.. Disabled().Matches(Section(role)).Select(match => match.Groups["name"].Value)];

    /// <summary>The functions of the document's table.</summary>
    public static IEnumerable<string> Functions() => Row().Matches(Text).Select(match => match.Groups["name"].Value);

    /// <summary>The role of each function in that table.</summary>
    public static IReadOnlyDictionary<string, string> Roles() =>
        Row().Matches(Text).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["role"].Value);

    private static string Section(string role)
    {
        var begin = Text.IndexOf($"<!-- settings of role {role} -->", StringComparison.Ordinal);
        Assert.True(begin >= 0, $"docs/operations.md has no settings of role {role}");
        return Text[begin..Text.IndexOf("<!-- end -->", begin, StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^AzureWebJobs\.(?<name>\w+)\.Disabled=true\r?$", RegexOptions.Multiline)]
    private static partial Regex Disabled();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<role>all|coordinator|worker) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
