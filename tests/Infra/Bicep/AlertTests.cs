using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Pipeline.Telemetry;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>Alerts ask for what the code emits: a query about a name that nobody sends is silent for ever.</summary>
public sealed partial class AlertTests
{
    [Fact]
    public async Task Alerts_Deployed_AreThese() => Assert.Equal(
        ["alert-failures", "alert-poison", "alert-stalled"], (await AlertsAsync()).Select(alert => alert.Name).Order());

    [Fact]
    public async Task Alerts_Queries_NameFunctionsAndInstrumentsOfTheCode()
    {
        var instruments = Instruments();
        var functions = RoleCheck.Names().ToArray();

        foreach (var (name, properties) in await AlertsAsync())
        {
            var query = Query(properties);
            var names = Names().Matches(query).Select(match => match.Groups["name"].Value).ToArray();
            Assert.True(names.Length > 0, name);
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
        return names;
    }

    [GeneratedRegex("name (?:==|endswith) \"(?<name>[^\"]+)\"")]
    private static partial Regex Names();
}
