using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>The workbook as it is deployed: what its queries take for granted about the apps and the queues.</summary>
public sealed partial class WorkbookTests
{
    /// <summary>An app is priced as what it is: the one with the model as a worker of its hosting, whatever it is called.</summary>
    [Theory]
    [InlineData("gpu-t4", "split")]
    [InlineData("gpu-t4", "single")]
    [InlineData("gpu-a100", "split")]
    [InlineData("gpu-a100", "single")]
    [InlineData("cpu", "split")]
    [InlineData("cpu", "single")]
    public async Task Cost_OfEachApp_IsThatOfItsReplica(string hosting, string topology)
    {
        var snapshot = await Template.EvaluateAsync(hosting, topology);
        var page = Page(snapshot);
        var choice = Choice().Match(Query(page, "cost-by-day"));

        Assert.True(choice.Success);
        Assert.All(snapshot.Apps, app =>
        {
            var parameter = choice.Groups[app.GetProperty("name").GetString()!.StartsWith(choice.Groups["prefix"].Value, StringComparison.Ordinal) ? "then" : "else"].Value;
            Assert.Equal(PriceOf(app), double.Parse(Parameter(page, parameter), CultureInfo.InvariantCulture), 9);
        });
    }

    /// <summary>No queue is left out, and none has fewer messages than none.</summary>
    [Fact]
    public async Task Lengths_OfEachQueue_AreThereAndNeverNegative()
    {
        var snapshot = await Template.EvaluateAsync("gpu-t4", "split");
        var query = Query(Page(snapshot), "backlog");
        var settings = DeploymentSnapshot.Settings(snapshot.App("coordinator"));

        Assert.All(
            ["Nanodet__Storage__EventQueue", "Nanodet__Storage__ImageQueue", "Nanodet__Storage__BatchQueue"],
            setting => Assert.Contains($"\"{settings[setting]}\"", query, StringComparison.Ordinal));

        // What was taken was put in as long before as it waited: the sum cannot fall below zero, wherever the range begins.
        Assert.Contains("put = timestamp - 1s * valueSum / valueCount", query, StringComparison.Ordinal);
        Assert.Contains("at = put, change = messages), (waits | project queue, at = taken, change = -messages)", query, StringComparison.Ordinal);

        // Calls before the range are not in it: its lowest point, where it is below zero, is what was there at its beginning.
        Assert.Contains("messages = total - min_of(lowest, 0)", query, StringComparison.Ordinal);
        Assert.Equal(2, query.Split("row_cumsum(").Length - 1);
    }

    private static double PriceOf(JsonElement app)
    {
        var properties = app.GetProperty("properties");
        var resources = properties.GetProperty("template").GetProperty("containers")[0].GetProperty("resources");
        var cores = resources.GetProperty("cpu").ToString();
        var gpu = properties.GetProperty("workloadProfileName").GetString() switch { "gpu-t4" => "t4Second", "gpu-a100" => "a100Second", _ => null };
        return (double.Parse(Number().Match(cores).Value, CultureInfo.InvariantCulture) * Price("vcpuSecond"))
            + (double.Parse(Number().Match(resources.GetProperty("memory").GetString()!).Value, CultureInfo.InvariantCulture) * Price("gibSecond"))
            + (gpu is null ? 0 : Price(gpu));
    }

    private static double Price(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("src", "Cli", "Costs", "prices.json")));
        return document.RootElement.GetProperty("prices").GetProperty(name).GetProperty("price").GetDouble();
    }

    private static JsonElement Page(DeploymentSnapshot snapshot)
    {
        using var document = JsonDocument.Parse(
            snapshot.OfType("Microsoft.Insights/workbooks").Single().GetProperty("properties").GetProperty("serializedData").GetString()!);
        return document.RootElement.GetProperty("items").Clone();
    }

    private static string Query(JsonElement page, string name) =>
        page.EnumerateArray().Single(item => item.GetProperty("name").GetString() == name).GetProperty("content").GetProperty("query").GetString()!;

    private static string Parameter(JsonElement page, string name) =>
        page.EnumerateArray().Single(item => item.GetProperty("name").GetString() == "parameters").GetProperty("content").GetProperty("parameters")
            .EnumerateArray().Single(parameter => parameter.GetProperty("name").GetString() == name).GetProperty("value").GetString()!;

    [GeneratedRegex(@"iff\(app startswith ""(?<prefix>[^""]+)"", \{(?<then>\w+)\}, \{(?<else>\w+)\}\)")]
    private static partial Regex Choice();

    [GeneratedRegex(@"\d+(\.\d+)?")]
    private static partial Regex Number();
}
