using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Telemetry;

/// <summary>infra/bicep/workbook.json against docs/telemetry.md, which another test holds against the code.</summary>
public sealed partial class WorkbookTests
{
    private static readonly IReadOnlyList<string[]> Documented =
        DocumentTable.Read(Path.Combine(AppContext.BaseDirectory, "docs", "telemetry.md"), "instruments");

    private static readonly string[] Queries = [.. ReadQueries()];

    [Fact]
    public void Workbook_EveryInstrument_IsShownAndNoOther() => Assert.Equal(
        Documented.Select(row => row[0]).Order(StringComparer.Ordinal),
        Queries.SelectMany(MetricsOf).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void Workbook_EveryTag_IsOneOfItsInstrument()
    {
        var tags = Documented.ToDictionary(row => row[0], row => row[3].Split('`')[0]);

        Assert.All(Queries, query => Assert.All(
            DimensionPattern().Matches(query).Select(match => match.Groups["tag"].Value),
            tag => Assert.All(MetricsOf(query), metric => Assert.Equal(tags[metric], tag))));
    }

    [Fact]
    public void Workbook_EveryItem_HasANameOfItsOwnAndFollowsTheTimeRange()
    {
        var items = Read().GetProperty("items").EnumerateArray().ToArray();

        Assert.Equal(items.Length, items.Select(item => item.GetProperty("name").GetString()).Distinct().Count());
        Assert.All(
            items.Where(IsQuery),
            item => Assert.Equal("TimeRange", item.GetProperty("content").GetProperty("timeContextFromParameter").GetString()));
    }

    private static IEnumerable<string> ReadQueries() => Read().GetProperty("items").EnumerateArray().Where(IsQuery)
        .Select(item => item.GetProperty("content").GetProperty("query").GetString()!);

    private static bool IsQuery(JsonElement item) => item.GetProperty("type").GetInt32() == 3;

    private static JsonElement Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "infra", "workbook.json")));
        return document.RootElement.Clone();
    }

    private static IEnumerable<string> MetricsOf(string query) => MetricPattern().Matches(query).Select(match => match.Value);

    [GeneratedRegex(@"nanodet\.[a-z]+\.[a-z_]+")]
    private static partial Regex MetricPattern();

    [GeneratedRegex(@"customDimensions\.(?<tag>\w+)")]
    private static partial Regex DimensionPattern();
}
