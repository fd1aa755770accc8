using Microsoft.Extensions.Configuration;
using Nanodet.Serverless.Functions.Hosting;
using Nanodet.Serverless.Functions.Roles;

namespace Nanodet.Serverless.Functions.Tests.Hosting;

public sealed class RoleCheckTests
{
    [Fact]
    public async Task StartAsync_All_NeedsNoList() => await Check(AppRole.All).StartAsync(TestContext.Current.CancellationToken);

    [Fact]
    public async Task StartAsync_CoordinatorWithoutItsList_NamesWhatIsMissing()
    {
        var check = Check(AppRole.Coordinator, "AzureWebJobs.DetectImage.Disabled");

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => check.StartAsync(TestContext.Current.CancellationToken));

        Assert.Contains("AzureWebJobs.BatchQueued.Disabled", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("DetectImage", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AzureWebJobs.{0}.Disabled")]
    [InlineData("AzureWebJobs:{0}:Disabled")]
    [InlineData("AzureWebJobs_{0}_Disabled")]
    public async Task StartAsync_WorkerWithItsList_StartsWhateverTheSpelling(string spelling)
    {
        var others = RoleCheck.Names().Where(name => !RoleFunctions.Runs(AppRole.Worker, name));

        await Check(AppRole.Worker, [.. others.Select(name => string.Format(null, spelling, name))])
            .StartAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Runs_EveryFunction_BelongsToItsRole()
    {
        // A new function is the coordinator's until somebody says otherwise: here it has to be said.
        string[] coordinator =
        [
            "AnnounceJobEnd", "BatchPoisoned", "CancelJob", "CheckpointUploaded", "DetectBatch", "DetectFolder", "DetectPage",
            "EventPoisoned", "EventReceived", "ExportResults", "FindBatches", "FindCheckpoint", "FindStaging", "FindUploads", "GetImageLink",
            "GetJob", "GetOpenApi", "GetResultSchema", "GetThumbnail", "Health", "HealthDetails", "ImageAnnounced", "ImagePoisoned",
            "ImageQueued", "ImageUploaded", "ListImages", "ListJobs", "ListModels", "ListResults", "NightlyDetection",
            "PublishCheckpoint", "PublishModel", "PurgeHistory", "QueueBatch", "Reconcile", "ReportCheckpoint", "RetryJob",
            "RollbackModel", "StartJob", "UploadList", "UploadPoisoned", "Viewer", "WriteDetections", "WriteExports", "WriteManifest",
        ];
        string[] worker = ["BatchQueued", "DetectImage", "Health", "HealthDetails"];

        Assert.Equal(coordinator, RoleCheck.Names().Where(name => RoleFunctions.Runs(AppRole.Coordinator, name)).Order(StringComparer.Ordinal));
        Assert.Equal(worker, RoleCheck.Names().Where(name => RoleFunctions.Runs(AppRole.Worker, name)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_OfTheLists_AreFunctions() =>
        Assert.Superset(RoleFunctions.Worker.Union(RoleFunctions.Shared).ToHashSet(), RoleCheck.Names().ToHashSet());

    private static RoleCheck Check(AppRole role, params string[] disabled) => new(
        new AppIdentity(role),
        new FunctionSwitches(new ConfigurationBuilder()
            .AddInMemoryCollection(disabled.Select(name => KeyValuePair.Create(name, (string?)"true"))).Build()));
}
