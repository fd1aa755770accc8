using System.Text.Json;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>From an upload to queue <c>events</c>.</summary>
public sealed class EventTests
{
    [Theory]
    [InlineData("images")]
    [InlineData("checkpoints")]
    public async Task Subscription_OfAContainer_TellsItsQueueAboutWholeBlobsOnly(string container)
    {
        var subscription = await SubscriptionAsync(container);
        var filter = subscription.GetProperty("filter");

        // With the slash at its end: without it the container's namesakes would match, too.
        Assert.Equal($"/blobServices/default/containers/{container}/", filter.GetProperty("subjectBeginsWith").GetString());
        Assert.Equal(
            ["Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobRenamed"],
            filter.GetProperty("includedEventTypes").EnumerateArray().Select(value => value.GetString()!).Order());
        var api = Assert.Single(filter.GetProperty("advancedFilters").EnumerateArray());
        Assert.Equal(("data.api", "StringIn"), (api.GetProperty("key").GetString(), api.GetProperty("operatorType").GetString()));
        Assert.Equal(
            ["CopyBlob", "FlushWithClose", "PutBlob", "PutBlockList", "RenameFile", "SftpCommit", "SftpRename"],
            api.GetProperty("values").EnumerateArray().Select(value => value.GetString()!).Order());
        Assert.Equal("CloudEventSchemaV1_0", subscription.GetProperty("eventDeliverySchema").GetString());
    }

    [Theory]
    [InlineData("images")]
    [InlineData("checkpoints")]
    public async Task Subscription_OfAContainer_DeliversAndKeepsWithItsOwnIdentity(string container)
    {
        var subscription = await SubscriptionAsync(container);
        var delivery = subscription.GetProperty("deliveryWithResourceIdentity");
        var deadLetter = subscription.GetProperty("deadLetterWithResourceIdentity");

        Assert.Equal("StorageQueue", delivery.GetProperty("destination").GetProperty("endpointType").GetString());
        var properties = delivery.GetProperty("destination").GetProperty("properties");
        Assert.Equal("events", properties.GetProperty("queueName").GetString());

        // Messages never expire: an outage of any length only delays.
        Assert.Equal(-1, properties.GetProperty("queueMessageTimeToLiveInSeconds").GetInt32());
        Assert.Equal("StorageBlob", deadLetter.GetProperty("deadLetterDestination").GetProperty("endpointType").GetString());
        Assert.Equal(
            "event-dead-letters",
            deadLetter.GetProperty("deadLetterDestination").GetProperty("properties").GetProperty("blobContainerName").GetString());

        // Through a firewall Event Grid delivers by no other identity.
        Assert.All([delivery, deadLetter], part => Assert.Equal("""{"type":"SystemAssigned"}""", JsonSerializer.Serialize(part.GetProperty("identity"))));
        Assert.False(subscription.TryGetProperty("destination", out _));
        Assert.False(subscription.TryGetProperty("deadLetterDestination", out _));
    }

    [Fact]
    public async Task Topic_OfAPrivateAccount_HasTheIdentityThatTheFirewallLetsIn()
    {
        var snapshot = await Template.EvaluateFullAsync();
        var topic = snapshot.OfType("Microsoft.EventGrid/systemTopics").Single();
        var rules = snapshot.OfType("Microsoft.Storage/storageAccounts").Single().GetProperty("properties").GetProperty("networkAcls");

        Assert.Equal("""{"type":"SystemAssigned"}""", JsonSerializer.Serialize(topic.GetProperty("identity")));
        Assert.Equal(("Deny", "AzureServices"), (rules.GetProperty("defaultAction").GetString(), rules.GetProperty("bypass").GetString()));
        Assert.Equal(2, snapshot.RoleAssignments.Count(assignment => assignment.Principal == "evgt"));
    }

    private static async Task<JsonElement> SubscriptionAsync(string container) => (await Template.EvaluateAsync("gpu-t4", "split"))
        .OfType("Microsoft.EventGrid/systemTopics/eventSubscriptions")
        .Single(subscription => subscription.GetProperty("name").GetString()!.EndsWith($"/{container}", StringComparison.Ordinal))
        .GetProperty("properties");
}
