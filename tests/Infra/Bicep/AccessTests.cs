using Nanodet.Serverless.TestKit.Bicep;

namespace Nanodet.Serverless.Infra.Tests.Bicep;

/// <summary>Every role assignment there is. A new one is a decision, and has to be made here, too.</summary>
public sealed class AccessTests
{
    private const string Storage = "Microsoft.Storage/storageAccounts/st";
    private const string Blobs = $"{Storage}/blobServices/default/containers";
    private const string Queues = $"{Storage}/queueServices/default/queues";
    private const string Registry = "Microsoft.ContainerRegistry/registries/cr";
    private const string Insights = "Microsoft.Insights/components/appi";

    private const string Topic = "Microsoft.EventGrid/topics/ends";
    private const string Hub = "Microsoft.DurableTask/schedulers/dts/taskHubs/nanodet";

    private const string AcrPull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
    private const string BlobContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
    private const string BlobOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
    private const string BlobReader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
    private const string DurableTaskContributor = "0ad04412-c4d5-4796-b79c-f76d14c8d402";
    private const string EventSender = "d5a91429-5739-47e2-a06b-3470a27159e7";
    private const string MetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb";
    private const string QueueContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88";
    private const string QueueReader = "19e7f393-937e-4f77-808e-94535e297925";
    private const string QueueSender = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a";
    private const string TableContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3";

    private static readonly RoleAssignment[] Coordinator =
    [
        new("id-coordinator", Storage, BlobOwner),
        new("id-coordinator", Storage, QueueContributor),
        new("id-coordinator", Storage, TableContributor),
        new("id-coordinator", Registry, AcrPull),
        new("id-coordinator", Insights, MetricsPublisher),
    ];

    private static readonly RoleAssignment[] Worker =
    [
        new("id-worker", $"{Blobs}/images", BlobReader),
        new("id-worker", $"{Blobs}/models", BlobReader),
        new("id-worker", $"{Blobs}/staging", BlobContributor),
        new("id-worker", $"{Blobs}/detections", BlobContributor),
        new("id-worker", $"{Blobs}/azure-webjobs-hosts", BlobOwner),
        new("id-worker", $"{Blobs}/azure-webjobs-secrets", BlobOwner),
        new("id-worker", $"{Blobs}/nanodetserverless-applease", BlobContributor),
        new("id-worker", $"{Queues}/batches", QueueContributor),
        new("id-worker", $"{Queues}/batches-poison", QueueContributor),
        new("id-worker", $"{Queues}/nanodetserverless-control-00", QueueContributor),
        new("id-worker", $"{Queues}/nanodetserverless-workitems", QueueContributor),
        new("id-worker", Storage, TableContributor),
        new("id-worker", Registry, AcrPull),
        new("id-worker", Insights, MetricsPublisher),
    ];

    private static readonly RoleAssignment[] Events =
    [
        new("evgt", $"{Queues}/events", QueueSender),
        new("evgt", $"{Blobs}/event-dead-letters", BlobContributor),
    ];

    private static readonly RoleAssignment[] Scheduler =
    [
        new("id-coordinator", Hub, DurableTaskContributor),
        new("id-worker", Hub, DurableTaskContributor),
    ];

    private static readonly RoleAssignment[] Deployer =
    [
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/models", BlobContributor),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/checkpoints", BlobContributor),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/images", BlobContributor),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/detections", BlobReader),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/jobs", BlobReader),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/staging", BlobReader),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/event-dead-letters", BlobReader),
        new("33333333-3333-3333-3333-333333333333", $"{Blobs}/azure-webjobs-secrets", BlobReader),
        new("33333333-3333-3333-3333-333333333333", $"{Queues}/events", QueueReader),
        new("33333333-3333-3333-3333-333333333333", $"{Queues}/images", QueueReader),
        new("33333333-3333-3333-3333-333333333333", $"{Queues}/batches", QueueReader),
        new("33333333-3333-3333-3333-333333333333", $"{Queues}/events", QueueSender),
    ];

    [Fact]
    public async Task RoleAssignments_TwoRolesAndADeployer_AreTheseAndNoOthers() =>
        AssertEqual(
            [.. Coordinator, .. Worker, .. Events, .. Deployer, new("id-coordinator", Topic, EventSender)], await Template.EvaluateFullAsync());

    [Fact]
    public async Task RoleAssignments_OneAppAndNoDeployer_AreTheseAndNoOthers() =>
        AssertEqual([.. Coordinator, .. Events], await Template.EvaluateAsync("cpu", "single"));

    [Fact]
    public async Task RoleAssignments_WithAScheduler_AreItsHubsToo() =>
        AssertEqual([.. Coordinator, .. Worker, .. Events, .. Scheduler], await Template.EvaluateScheduledAsync());

    [Fact]
    public async Task RoleAssignments_EveryOneOfThem_IsForAResource()
    {
        var snapshot = await Template.EvaluateFullAsync();

        // Nothing is granted on a resource group or a subscription.
        Assert.All(snapshot.RoleAssignments, assignment => Assert.StartsWith("Microsoft.", assignment.Scope, StringComparison.Ordinal));
        Assert.Equal(snapshot.RoleAssignments.Count(), snapshot.NamesOf("Microsoft.Authorization/roleAssignments").Distinct().Count());
    }

    [Theory]
    [InlineData("coordinator")]
    [InlineData("worker")]
    public async Task App_ItsIdentity_IsItsOnlyOneAndIsInItsSettings(string role)
    {
        var snapshot = await Template.EvaluateAsync("gpu-t4", "split");
        var app = snapshot.App(role);
        var identity = Assert.Single(app.GetProperty("identity").GetProperty("userAssignedIdentities").EnumerateObject()).Name;

        Assert.EndsWith($"/id-{role}", snapshot.WithoutToken(identity), StringComparison.Ordinal);
        var settings = DeploymentSnapshot.Settings(app);
        Assert.Equal("managedidentity", settings["AzureWebJobsStorage__credential"]);
        Assert.All(
            ["AzureWebJobsStorage__clientId", "AZURE_CLIENT_ID", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"],
            name => Assert.Contains(identity, settings[name], StringComparison.Ordinal));
        Assert.Contains("Authorization=AAD", settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"], StringComparison.Ordinal);
    }

    private static void AssertEqual(IEnumerable<RoleAssignment> expected, DeploymentSnapshot snapshot) => Assert.Equal(
        expected.Select(assignment => assignment.ToString()).Order(),
        snapshot.RoleAssignments.Select(assignment => assignment.ToString()).Order());
}
