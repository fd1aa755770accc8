using System.Text.Json;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

public sealed class StorageTests
{
    private static readonly string[] HostContainers = ["azure-webjobs-hosts", "azure-webjobs-secrets"];

    [Fact]
    public async Task Containers_OfTheOptions_AreThereAndNoOthers()
    {
        var hub = HubName().ToLowerInvariant();

        Assert.Equal(
            new StorageOptions().Containers.Concat(HostContainers).Concat([$"{hub}-applease", "event-dead-letters"]).Order(),
            await NamesAsync("blobServices/containers"));
    }

    [Fact]
    public async Task Queues_OfTheOptionsAndTheirPoison_AreThereAndNoOthers()
    {
        var hub = HubName().ToLowerInvariant();
        var queues = new StorageOptions().Queues.SelectMany(queue => new[] { queue, StorageOptions.PoisonOf(queue) });

        Assert.Equal(
            queues.Concat(["webjobs-blobtrigger-poison", $"{hub}-control-00", $"{hub}-workitems"]).Order(),
            await NamesAsync("queueServices/queues"));
    }

    [Fact]
    public async Task Tables_OfTheTaskHub_AreThereAndNoOthers() => Assert.Equal(
        new[] { "History", "Instances", "Partitions" }.Select(table => HubName() + table).Order(), await NamesAsync("tableServices/tables"));

    [Fact]
    public void TaskHub_Partitions_AreAsManyAsControlQueues() => Assert.Equal(
        1, DurableTask().GetProperty("storageProvider").GetProperty("partitionCount").GetInt32());

    [Fact]
    public async Task Blobs_Deleted_ComeBackForAWeek()
    {
        var snapshot = await Template.EvaluateAsync("cpu", "single");
        var properties = snapshot.OfType(Template.Account + "blobServices").Single().GetProperty("properties");

        Assert.All(["deleteRetentionPolicy", "containerDeleteRetentionPolicy"], policy =>
        {
            Assert.True(properties.GetProperty(policy).GetProperty("enabled").GetBoolean());
            Assert.Equal(7, properties.GetProperty(policy).GetProperty("days").GetInt32());
        });
        Assert.All(
            snapshot.OfType(Template.Account + "blobServices/containers"),
            container => Assert.Equal("None", container.GetProperty("properties").GetProperty("publicAccess").GetString()));
    }

    [Fact]
    public async Task Lifecycle_ByDefault_KeepsResultsAndClearsRemains()
    {
        var rules = Rules(await Template.EvaluateAsync("cpu", "single"));

        Assert.Equal(
            [
                "dead-letters: 90 days in event-dead-letters/ staging/dead-letters/",
                "forgotten-lists: 30 days in staging/begun/ staging/lists/",
                "thumbnails: 30 days in staging/thumbnails/",
            ],
            rules);
    }

    [Fact]
    public async Task Lifecycle_WithARetention_DeletesOldResultsToo() => Assert.Contains(
        "old-results: 90 days in detections/ jobs/", Rules(await Template.EvaluateFullAsync()));

    [Fact]
    public async Task Network_ByDefault_IsOpenAndPrivateWhereAsked()
    {
        Assert.Equal("Allow", Rule(await Template.EvaluateAsync("cpu", "single")).GetProperty("defaultAction").GetString());
        var full = await Template.EvaluateFullAsync();
        var rule = Rule(full);

        Assert.Equal("Deny", rule.GetProperty("defaultAction").GetString());
        Assert.Equal("AzureServices", rule.GetProperty("bypass").GetString());
        Assert.Equal(
            ["198.51.100.0/24", "203.0.113.7"],
            rule.GetProperty("ipRules").EnumerateArray().Select(address => address.GetProperty("value").GetString()!).Order());
        Assert.Empty(Rule(await Template.EvaluateAsync("cpu", "single")).GetProperty("ipRules").EnumerateArray());
        string[] services = ["blob", "queue", "table"];
        Assert.Equal(services, full.OfType("Microsoft.Network/privateEndpoints").Select(endpoint => endpoint.GetProperty("properties")
            .GetProperty("privateLinkServiceConnections")[0].GetProperty("properties").GetProperty("groupIds")[0].GetString()!).Order());
        Assert.EndsWith("/subnets/apps", full.OfType("Microsoft.App/managedEnvironments").Single().GetProperty("properties")
            .GetProperty("vnetConfiguration").GetProperty("infrastructureSubnetId").GetString(), StringComparison.Ordinal);
    }

    private static JsonElement Rule(DeploymentSnapshot snapshot) =>
        snapshot.OfType("Microsoft.Storage/storageAccounts").Single().GetProperty("properties").GetProperty("networkAcls");

    private static IEnumerable<string> Rules(DeploymentSnapshot snapshot) =>
        snapshot.OfType(Template.Account + "managementPolicies").Single().GetProperty("properties").GetProperty("policy").GetProperty("rules")
            .EnumerateArray().Select(rule =>
            {
                var definition = rule.GetProperty("definition");
                var days = definition.GetProperty("actions").GetProperty("baseBlob").GetProperty("delete")
                    .GetProperty("daysAfterModificationGreaterThan").GetInt32();
                var prefixes = definition.GetProperty("filters").GetProperty("prefixMatch").EnumerateArray().Select(prefix => prefix.GetString()!);
                return $"{rule.GetProperty("name").GetString()}: {days} days in {string.Join(' ', prefixes.Order())}";
            }).Order();

    private static string HubName() => DurableTask().GetProperty("hubName").GetString()!;

    private static JsonElement DurableTask()
    {
        using var host = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("host.json")));
        return host.RootElement.GetProperty("extensions").GetProperty("durableTask").Clone();
    }

    private static async Task<string[]> NamesAsync(string type) =>
        [.. (await Template.EvaluateAsync("gpu-t4", "split")).NamesOf(Template.Account + type).Order()];
}
