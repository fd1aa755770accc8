using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Telemetry;
using Nanodet.Serverless.TestKit;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>Alerts ask for what the code emits: a query about a name that nobody sends is silent for ever.</summary>
public sealed partial class AlertTests
{
    private static readonly string[] Always =
        ["dead-letters", "failures", "jobs", "poison", "queue-age", "stalled", "swap"];

    [Fact]
    public async Task Alerts_Deployed_AreThese()
    {
        Assert.Equal(Always.Concat(["gpu-idle", "silent"]).Order(), await NamesAsync(Template.EvaluateAsync("gpu-t4", "split")));
        Assert.Equal(Always.Append("silent").Order(), await NamesAsync(Template.EvaluateAsync("cpu", "single")));

        // Where the coordinator goes to zero, or is not deployed yet, its silence means nothing.
        Assert.Equal(Always.Append("gpu-idle").Order(), await NamesAsync(Template.EvaluateScheduledAsync()));
        Assert.Equal(Always.Append("gpu-idle").Order(), await NamesAsync(Template.EvaluateFirstAsync()));
    }

    /// <summary>The log's values are columns of its entries: a query about one that no message has is silent for ever.</summary>
    [Fact]
    public async Task Alerts_ValuesOfTheLog_AreInItsMessages()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("src"), "Log.cs", SearchOption.AllDirectories);
        var logs = string.Concat(files.Select(File.ReadAllText));
        var asked = (await AlertsAsync()).Select(alert => Query(alert.Properties)).Concat(WorkbookQueries())
            .Where(query => query.StartsWith("traces", StringComparison.Ordinal))
            .SelectMany(query => Values().Matches(query).Select(match => match.Groups["name"].Value)).Distinct().ToArray();

        Assert.True(asked.Length > 5);
        Assert.All(asked, value => Assert.Contains($"{{{value}}}", logs, StringComparison.Ordinal));
        Assert.All(["Failed", "Inconsistent"], state => Assert.True(Enum.TryParse<JobState>(state, out _)));
    }

    [Fact]
    public void Workbook_Queries_ShowJobsQueuesFailuresAndCost()
    {
        var queries = WorkbookQueries().ToArray();

        Assert.Contains(queries, query => query.Contains("customDimensions.JobId", StringComparison.Ordinal));
        var lengths = Assert.Single(queries, query => query.Contains("row_cumsum", StringComparison.Ordinal));
        Assert.All(["EventReceived", "ImageQueued", "QueueBatch", "BatchQueued"], name => Assert.Contains($"\"{name}\"", lengths, StringComparison.Ordinal));
        Assert.Contains(queries, query => query.Contains("nanodet.image.failures", StringComparison.Ordinal));
        Assert.Contains(queries, query => query.Contains("by bin(minute, 1d)", StringComparison.Ordinal));
        var functions = RoleCheck.Names().ToArray();
        Assert.All(
            queries.Where(query => query.StartsWith("requests", StringComparison.Ordinal)).SelectMany(query => Quoted().Matches(query)),
            match => Assert.Contains(match.Groups["name"].Value, functions));
    }

    [Fact]
    public async Task Undelivered_Events_AreCountedByTheTopic()
    {
        var full = await Template.EvaluateFullAsync();
        var rule = full.OfType("Microsoft.Insights/metricAlerts").Single().GetProperty("properties");

        Assert.Equal(
            full.OfType("Microsoft.EventGrid/systemTopics").Single().GetProperty("id").GetString(),
            Assert.Single(rule.GetProperty("scopes").EnumerateArray()).GetString());
        Assert.Contains("\"DeadLetteredCount\"", rule.ToString(), StringComparison.Ordinal);
        Assert.Single(rule.GetProperty("actions").EnumerateArray());
    }

    [Fact]
    public async Task Alerts_Queries_NameFunctionsAndInstrumentsOfTheCode()
    {
        var instruments = Instruments();
        var functions = RoleCheck.Names().ToArray();

        foreach (var (name, properties) in await AlertsAsync())
        {
            var query = Query(properties);
            var names = Names().Matches(query).Select(match => match.Groups["name"].Value).ToArray();
            Assert.True(names.Length > 0 || query.StartsWith("traces", StringComparison.Ordinal), name);
            Assert.All(names, used => Assert.True(
                instruments.Contains(used) || functions.Contains(used) || functions.Any(function => function.EndsWith(used, StringComparison.Ordinal)),
                $"{name}: nobody emits {used}"));
        }

        // Each poison handler, and so every poison queue.
        Assert.Equal(4, functions.Count(function => function.EndsWith("Poisoned", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Alerts_WithAnAddress_TellSomebody()
    {
        var full = await Template.EvaluateFullAsync();
        var people = full.OfType("Microsoft.Insights/actionGroups").Single();

        Assert.Contains("operator@example.com", people.GetProperty("properties").ToString(), StringComparison.Ordinal);
        Assert.All(full.OfType("Microsoft.Insights/scheduledQueryRules"), rule => Assert.Equal(
            people.GetProperty("id").GetString(),
            rule.GetProperty("properties").GetProperty("actions").GetProperty("actionGroups").EnumerateArray().Single().GetString()));
        Assert.Empty((await Template.EvaluateAsync("cpu", "single")).OfType("Microsoft.Insights/actionGroups"));
    }

    [Fact]
    public async Task Budget_Asked_IsThereAndElseNot()
    {
        var budget = (await Template.EvaluateFullAsync()).OfType("Microsoft.Consumption/budgets").Single().GetProperty("properties");

        Assert.Equal((200, "Monthly"), (budget.GetProperty("amount").GetInt32(), budget.GetProperty("timeGrain").GetString()));
        Assert.All(budget.GetProperty("notifications").EnumerateObject(), notification => Assert.Equal(
            "operator@example.com", Assert.Single(notification.Value.GetProperty("contactEmails").EnumerateArray()).GetString()));
        Assert.Empty((await Template.EvaluateAsync("gpu-t4", "split")).OfType("Microsoft.Consumption/budgets"));
    }

    private static async Task<IEnumerable<(string Name, JsonElement Properties)>> AlertsAsync()
    {
        var snapshot = await Template.EvaluateAsync("gpu-t4", "split");
        return snapshot.OfType("Microsoft.Insights/scheduledQueryRules")
            .Select(rule => (snapshot.WithoutToken(rule.GetProperty("name").GetString()!), rule.GetProperty("properties")));
    }

    private static async Task<IEnumerable<string>> NamesAsync(Task<DeploymentSnapshot> deployment)
    {
        var snapshot = await deployment;
        return snapshot.NamesOf("Microsoft.Insights/scheduledQueryRules")
            .Select(name => snapshot.WithoutToken(name)["alert-".Length..]).Order();
    }

    private static IEnumerable<string> WorkbookQueries()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Template.Folder, "workbook.json")));
        return
        [
            .. document.RootElement.GetProperty("items").EnumerateArray()
                .Where(item => item.GetProperty("content").TryGetProperty("query", out _))
                .Select(item => item.GetProperty("content").GetProperty("query").GetString()!),
        ];
    }

    private static string Query(JsonElement properties) =>
        properties.GetProperty("criteria").GetProperty("allOf").EnumerateArray().Single().GetProperty("query").GetString()!;

    private static HashSet<string> Instruments()
    {
        var names = new HashSet<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == PipelineTelemetry.Name)
                {
                    names.Add(instrument.Name);
                }
            },
        };
        RuntimeHelpers.RunClassConstructor(typeof(PipelineTelemetry).TypeHandle);
        listener.Start();

        // Those of a GPU are made where there is one; docs/telemetry.md has them, and another test holds it against the code.
        names.UnionWith(DocumentTable.Read(Repository.PathOf("docs", "telemetry.md"), "instruments")
            .Select(row => row[0]).Where(name => name.StartsWith("nanodet.gpu.", StringComparison.Ordinal)));
        return names;
    }

    [GeneratedRegex(@"customDimensions\.(?<name>\w+)")]
    private static partial Regex Values();

    [GeneratedRegex("\"(?<name>[^\"]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("name (?:==|endswith) \"(?<name>[^\"]+)\"")]
    private static partial Regex Names();
}
