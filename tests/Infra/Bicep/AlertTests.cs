using System.Diagnostics.Metrics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using Nanodet.Detection.Description;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Orchestration;
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

    // Those of Microsoft's parser that somebody might call a column by.
    private static readonly string[] Words =
    [
        "asc", "between", "bool", "boolean", "by", "cancel", "card", "contains", "date", "datetime", "decimal", "desc", "double", "dynamic", "first",
        "flags", "float", "has", "int", "journal", "kind", "last", "latest", "like", "long", "matches", "missing", "or", "others", "project", "queries",
        "real", "shards", "simple", "statistics", "string", "time", "timeline", "timespan", "union", "views",
    ];

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
        Assert.All(["events", "images", "batches", "QueueBatch", "BatchQueued"], name => Assert.Contains($"\"{name}\"", lengths, StringComparison.Ordinal));
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

    /// <summary>
    /// A worker from zero, and the longest that anything of this repository waits for one, is ordinary life; so is a job that was cancelled
    /// before a worker came, whose batches nobody queues again.
    /// </summary>
    [Fact]
    public async Task Stalled_AWorkerFromZero_IsNotYet()
    {
        var (query, window) = await RuleAsync("stalled");
        var patience = Spans().Matches(query).Select(match => Minutes(match.Groups["span"].Value)).Min();

        Assert.True(patience >= TimeSpan.FromMinutes(DocumentedMinutes("deploy.md", @"from zero 3 to (?<minutes>\d+) min").Single()));
        Assert.True(patience >= TimeSpan.FromSeconds(double.Parse(
            SmokeLimit().Match(File.ReadAllText(Repository.PathOf("infra", "hooks", "postdeploy.sh"))).Groups["seconds"].Value, CultureInfo.InvariantCulture)));
        var settings = DeploymentSnapshot.Settings((await Template.EvaluateAsync("gpu-t4", "split")).App("coordinator"));
        Assert.True(patience > TimeSpan.Parse(settings["Nanodet__Orchestrations__BatchWait"], CultureInfo.InvariantCulture));

        // The oldest call that queued counts, and only together with a later one: the query used to count all calls, that of now included.
        Assert.Contains("oldest < ago(30m)", query, StringComparison.Ordinal);
        Assert.Contains("newest - oldest > 10m", query, StringComparison.Ordinal);

        // What was queued before an image was processed is served, and a batch that takes long is seen by its images.
        Assert.Contains("isnull(worked) or timestamp > worked", query, StringComparison.Ordinal);
        Assert.All(["nanodet.image.count", "nanodet.stage.duration"], name => Assert.Contains($"name == \"{name}\"", query, StringComparison.Ordinal));

        // As long as it lasts: two calls of a batch that waits, with the longest wait between them, are always in the window.
        Assert.True(window >= 2 * new OrchestrationOptions().LongestBatchWait);
        Assert.Contains($"ago({window.TotalHours:0}h)", query, StringComparison.Ordinal);
    }

    /// <summary>After a first deployment the timer has never run, which is no silence.</summary>
    [Fact]
    public async Task Silent_ACoordinatorThatWasJustDeployed_IsNot()
    {
        var (query, window) = await RuleAsync("silent");

        Assert.Equal("requests | where name == \"Reconcile\" | summarize ran = max(timestamp) | where ran < ago(1h)", query);
        Assert.Equal(TimeSpan.FromDays(2), window);
    }

    /// <summary>A worker that was busy for seconds of an hour, and one that finds every image done, use their GPU next to nothing.</summary>
    [Fact]
    public async Task GpuIdle_AShortJobOrOneOverFinishedImages_IsNot()
    {
        var (query, _) = await RuleAsync("gpu-idle");

        Assert.Contains("tostring(customDimensions.status) == \"detected\"", query, StringComparison.Ordinal);
        Assert.Contains("by bin(timestamp, 1m), cloud_RoleInstance", query, StringComparison.Ordinal);
        Assert.Contains("minutes >= 10", query, StringComparison.Ordinal);
        Assert.DoesNotContain("/ sumif", query, StringComparison.Ordinal);
    }

    /// <summary>A storage account that is away for a minute says nothing about the model that was published.</summary>
    [Fact]
    public async Task Swap_ReasonsThatGoAwayByThemselves_AreNoFailure()
    {
        var (query, _) = await RuleAsync("swap");

        Assert.All(
            ["ready", ModelErrorCodes.Busy, ModelErrorCodes.SessionLost, ModelErrorCodes.StorageUnavailable],
            outcome => Assert.Contains($"\"{outcome}\"", query, StringComparison.Ordinal));
        Assert.DoesNotContain(ModelErrorCodes.ParityFailed, query, StringComparison.Ordinal);
    }

    /// <summary>A column that is called as a word of the language is no column: the query is refused, and nobody sees it before Azure does.</summary>
    [Fact]
    public async Task Queries_NamesOfColumns_AreNoWordsOfTheLanguage()
    {
        var queries = (await AlertsAsync()).Select(alert => Query(alert.Properties)).Concat(WorkbookQueries()).ToArray();
        var names = queries.SelectMany(query => Columns().Matches(query).Select(match => match.Groups["name"].Value)).Distinct().ToArray();

        Assert.True(names.Length > 20);
        Assert.DoesNotContain(names, name => Words.Contains(name));
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

    private static async Task<(string Query, TimeSpan Window)> RuleAsync(string name)
    {
        var rule = (await AlertsAsync()).Single(alert => alert.Name == $"alert-{name}").Properties;
        return (Query(rule), XmlConvert.ToTimeSpan(rule.GetProperty("windowSize").GetString()!));
    }

    private static IEnumerable<double> DocumentedMinutes(string document, string pattern) =>
        Regex.Matches(File.ReadAllText(Repository.PathOf("docs", document)), pattern)
            .Select(match => double.Parse(match.Groups["minutes"].Value, CultureInfo.InvariantCulture)).Distinct();

    private static TimeSpan Minutes(string span) =>
        span[^1] == 'h' ? TimeSpan.FromHours(int.Parse(span[..^1], CultureInfo.InvariantCulture)) : TimeSpan.FromMinutes(int.Parse(span[..^1], CultureInfo.InvariantCulture));

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

    [GeneratedRegex(@"ago\((?<span>\d+[mh])\)")]
    private static partial Regex Spans();

    [GeneratedRegex(@"NANODET_SMOKE_SECONDS:-(?<seconds>\d+)")]
    private static partial Regex SmokeLimit();

    [GeneratedRegex(@"(?<![\w""])(?<name>[a-zA-Z_]\w*) = ")]
    private static partial Regex Columns();

    [GeneratedRegex(@"customDimensions\.(?<name>\w+)")]
    private static partial Regex Values();

    [GeneratedRegex("\"(?<name>[^\"]+)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("name (?:==|endswith) \"(?<name>[^\"]+)\"")]
    private static partial Regex Names();
}
