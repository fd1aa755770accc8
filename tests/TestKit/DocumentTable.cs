namespace Nanodet.Serverless.TestKit;

/// <summary>A table of a Markdown document, between a comment with its name and the comment <c>end</c>.</summary>
public static class DocumentTable
{
    /// <summary>The cells of each row below the head, without the code marks.</summary>
    public static IReadOnlyList<string[]> Read(string path, string name)
    {
        var lines = File.ReadAllLines(path).SkipWhile(line => line != $"<!-- {name} -->").Skip(1).TakeWhile(line => line != "<!-- end -->");
        return [.. lines.Skip(2).Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim().Trim('`')).ToArray())];
    }
}
