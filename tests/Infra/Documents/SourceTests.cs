using System.Text.RegularExpressions;

namespace Nanodet.Serverless.Infra.Tests.Documents;

/// <summary>
/// What the documents say about Azure has its source, or says that it is unproven. Whether a page says what it is named for, no test can tell.
/// </summary>
public sealed partial class SourceTests
{
    /// <summary>
    /// A whole document that is about this project more than about the platform: words that the project uses, too, say nothing there.
    /// </summary>
    private const string Everything = "everything";

    /// <summary>Where a part of a document begins and ends; null for the whole.</summary>
    public static TheoryData<string, string?> Documents { get; } = new()
    {
        { "operations.md", "## In Azure" },
        { "operations.md", Everything },
        { "deploy.md", null },
        { "costs.md", null },
        { "scale.md", null },
        { "telemetry.md", null },
        { "decisions/0018-two-apps-and-scale-rules-of-their-own.md", null },
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public void Claims_AboutThePlatform_HaveASourceOrSayThatTheyAreUnproven(string document, string? heading)
    {
        var blocks = Read(document, heading).Where(block => NamesThePlatform(block, heading)).ToArray();

        Assert.InRange(blocks.Length, 5, 200);
        Assert.DoesNotContain(blocks, block => !HasSource(block));
    }

    /// <summary>Each source that is taken away is missed.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Claims_WithoutTheirSource_AreFound(string document, string? heading)
    {
        var sourced = Read(document, heading).Where(block => NamesThePlatform(block, heading) && HasSource(block)).ToArray();

        Assert.All(sourced, block =>
        {
            var stripped = Unproven().Replace(Source().Replace(block, "](elsewhere)"), string.Empty);
            Assert.True(NamesThePlatform(stripped, heading) && !HasSource(stripped), block);
        });
    }

    [Theory]
    [InlineData("Container Apps wakes it.", true)]
    [InlineData("Container Apps [wakes it](https://learn.microsoft.com/azure/container-apps/scale-app).", false)]
    [InlineData("Container Apps [wakes it](costs.md).", true)]
    [InlineData("Container Apps [wakes it](https://example.com/azure).", true)]
    [InlineData("Container Apps wakes it, which is unproven.", false)]
    [InlineData("- The registry keeps it.", true)]
    [InlineData("| revision | both run |", true)]
    [InlineData("| Revision | what it is |\n| --- | --- |", false)]
    [InlineData("The app decodes it.", false)]
    [InlineData("# Azure\n\n```\nAzure\n```", false)]
    [InlineData("Microsoft bills 5 a month.", true)]
    [InlineData("Bicep takes 800 resources.", true)]
    public void Claims_OfEachForm_AreSeen(string text, bool isFound) =>
        Assert.Equal(isFound, Split(text.Split('\n')).Any(block => NamesThePlatform(block, heading: null) && !HasSource(block)));

    [Theory]
    [InlineData("Event Grid retries for 24 hours.", true)]
    [InlineData("| `code` | Azure takes it |", true)]
    [InlineData("azd drops arguments.", true)]
    [InlineData("Entra answers 401.", true)]
    [InlineData("Event Grid retries for 24 hours, which is unproven.", false)]
    [InlineData("An output has the libraries of one platform.", false)]
    [InlineData("A polygon is a region.", false)]
    public void Claims_InADocumentAboutEverything_AreSeenByTheNamesOfProducts(string text, bool isFound) =>
        Assert.Equal(isFound, Split(text.Split('\n')).Any(block => NamesThePlatform(block, Everything) && !HasSource(block)));

    /// <summary>Pages are in the reader's own language, and addresses that cannot exist are none.</summary>
    [Fact]
    public void Links_ToMicrosoft_NameNoLanguageAndNoVersionOfAPage()
    {
        var folder = Repository.PathOf("docs");
        var links = Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories)
            .SelectMany(file => Learn().Matches(File.ReadAllText(file)).Select(match => match.Value)).ToArray();

        Assert.True(links.Length > 40);
        Assert.DoesNotContain(links, link => Language().IsMatch(link));
    }

    private static string[] Read(string document, string? heading)
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs", document));
        if (heading is not (null or Everything))
        {
            lines = [.. lines.SkipWhile(line => line != heading).Skip(1).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))];
        }

        return [.. Split(lines)];
    }

    /// <summary>Paragraphs, list items and rows of tables; not headings, heads of tables and code.</summary>
    private static IEnumerable<string> Split(string[] lines)
    {
        var isCode = false;
        var isFigures = false;
        var block = string.Empty;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var isFence = line.StartsWith("```", StringComparison.Ordinal);
            isCode ^= isFence;

            // What stands between comments is written by a program, whose figures have their sources beside the table.
            isFigures = line.StartsWith("<!--", StringComparison.Ordinal) ? line != "<!-- end -->" : isFigures;
            var isRow = line.StartsWith('|');
            var isApart = isCode || isFence || isFigures || isRow || line.Length == 0 || line.StartsWith('#') || line.StartsWith("<!--", StringComparison.Ordinal);
            if ((isApart || Item().IsMatch(line)) && block.Length > 0)
            {
                yield return block;
                block = string.Empty;
            }

            var isHead = isRow && i + 1 < lines.Length && lines[i + 1].StartsWith("| ---", StringComparison.Ordinal);
            if (isRow && !isCode && !isFigures && !isHead && !line.StartsWith("| ---", StringComparison.Ordinal))
            {
                yield return line;
            }

            block += isApart ? string.Empty : line + "\n";
        }

        if (block.Length > 0)
        {
            yield return block;
        }
    }

    /// <summary>Whether a block speaks of something that is Microsoft's to decide. Addresses and commands do not speak.</summary>
    private static bool NamesThePlatform(string block, string? heading) =>
        (heading == Everything ? Product() : Platform()).IsMatch(Command().Replace(Address().Replace(block, string.Empty), string.Empty));

    private static bool HasSource(string block) => Source().IsMatch(block) || Unproven().IsMatch(block);

    [GeneratedRegex(
        @"\b(Azure|Event Grid|Container Apps|Application Insights|Log Analytics|Entra|KEDA|azd|platform|portal|revisions?|replicas?|quotas?|regions?|"
        + @"subscriptions?|resource group|registry|firewall|ingress|failover|soft delete|Microsoft|Bicep)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex Platform();

    [GeneratedRegex(@"\b(Azure|Event Grid|Container Apps|Application Insights|Log Analytics|Entra|KEDA|azd|Microsoft|Bicep)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Product();

    [GeneratedRegex(
        @"\]\(https://(learn\.microsoft\.com|azure\.microsoft\.com|techcommunity\.microsoft\.com|keda\.sh|"
        + @"github\.com/(Azure|microsoft|MicrosoftDocs))/[^)]+\)")]
    private static partial Regex Source();

    [GeneratedRegex(@"\]\([^)]*\)")]
    private static partial Regex Address();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Command();

    [GeneratedRegex("unproven", RegexOptions.IgnoreCase)]
    private static partial Regex Unproven();

    [GeneratedRegex(@"^\s*([-*]|\d+\.) ")]
    private static partial Regex Item();

    [GeneratedRegex(@"https://learn\.microsoft\.com/[^)\s]*")]
    private static partial Regex Learn();

    [GeneratedRegex(@"microsoft\.com/[a-z]{2}-[a-z]{2}/|[?]view=")]
    private static partial Regex Language();
}
