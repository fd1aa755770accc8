using System.Globalization;
using Spectre.Console;

namespace Nanodet.Serverless.Cli.Output;

/// <summary>Counts by name, as lines that fit a narrow terminal.</summary>
internal static class CountLines
{
    private const int Most = 12;

    /// <summary>Writes the largest counts; nothing where there is none.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="title">What is counted.</param>
    /// <param name="counts">The counts.</param>
    public static void Print(IAnsiConsole console, string title, IReadOnlyDictionary<string, long> counts)
    {
        if (counts.Count == 0)
        {
            return;
        }

        var table = new Table { Border = TableBorder.None, ShowHeaders = false }.AddColumns("name", "count");
        table.Columns[1].RightAligned();
        var largest = counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(Most);
        foreach (var (name, count) in largest)
        {
            table.AddRow($"  {Markup.Escape(name)}", count.ToString("N0", CultureInfo.InvariantCulture));
        }

        console.MarkupLineInterpolated($"{title}:");
        console.Write(table);
        if (counts.Count > Most)
        {
            console.MarkupLineInterpolated($"  and {counts.Count - Most} more");
        }
    }
}
