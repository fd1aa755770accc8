using System.Net;
using Azure;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Tests.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>Storage refuses a blob for ever, or all of them for a while: only the first is an image's affair.</summary>
public sealed class RefusedBlobTests(AzuriteFixture fixture)
{
    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "AuthorizationPermissionMismatch", true)]
    [InlineData(HttpStatusCode.Forbidden, "AuthorizationPermissionMismatch", false)]
    [InlineData(HttpStatusCode.Conflict, "BlobUsesCustomerSpecifiedEncryption", true)]
    public async Task Process_OneBlobIsRefused_FailsAndSparesItsNeighbours(HttpStatusCode status, string code, bool isLookedUp)
    {
        var storage = new RefusingStorage();
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: storage.AddTo);
        var refused = await app.UploadAsync("refused.png");
        refused = isLookedUp ? refused with { Etag = null } : refused;
        storage.Refuse = request => request.RequestUri!.AbsolutePath.EndsWith("-images/refused.png", StringComparison.Ordinal)
            ? (status, code)
            : null;

        Assert.Equal(new BatchCounts(1, 1, 0), await app.RunAsync(refused, await app.UploadAsync("a.png")));

        var error = (await app.ReadAsync("refused.png"))!.Error!;
        Assert.Equal(FailureCodes.BlobRefused, error.Code);
        Assert.Contains(code, error.Message, StringComparison.Ordinal);
        Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync("a.png"))!.Status);

        // Nothing is known of its content: once it may be read, the next request detects it.
        storage.Refuse = _ => null;
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(refused with { Stamp = "again" }));
    }

    [Fact]
    public async Task Process_EveryBlobIsRefused_IsNobodysFault()
    {
        var storage = new RefusingStorage();
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: storage.AddTo);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"), await app.UploadAsync("b.png"));
        storage.Refuse = request => request.RequestUri!.AbsolutePath.Contains(app.Images.Name, StringComparison.Ordinal)
            ? (HttpStatusCode.Forbidden, "AuthorizationFailure")
            : null;

        Assert.Equal(403, (await Assert.ThrowsAsync<RequestFailedException>(() => app.ProcessAsync(batch))).Status);
        Assert.Empty(await TestApp.ListBlobsAsync(app.Detections));

        storage.Refuse = _ => null;
        Assert.Equal(new BatchCounts(2, 0, 0), await app.RunAsync(batch));
    }

    [Fact]
    public async Task Process_BlobIsRefusedOnce_IsAskedForAgain()
    {
        var storage = new RefusingStorage();
        await using var app = await TestApp.CreateReadyAsync(fixture, replace: storage.AddTo);
        var batch = await app.ListAsync(await app.UploadAsync("a.png"));
        var refusals = 1;
        storage.Refuse = request => request.RequestUri!.AbsolutePath.EndsWith("-images/a.png", StringComparison.Ordinal)
            && Interlocked.Decrement(ref refusals) == 0
            ? (HttpStatusCode.Forbidden, "AuthorizationPermissionMismatch")
            : null;

        await Assert.ThrowsAsync<RequestFailedException>(() => app.ProcessAsync(batch));
        Assert.Equal(new BatchCounts(1, 0, 0), await app.RunAsync(batch));
        Assert.Single(await TestApp.ListBlobsAsync(app.Detections));
    }
}
