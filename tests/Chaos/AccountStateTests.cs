using Nanodet.Serverless.Chaos.Tests.Audit;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;

namespace Nanodet.Serverless.Chaos.Tests;

/// <summary>What the auditor sees of a real account.</summary>
public sealed class AccountStateTests
{
    [Fact]
    public async Task Read_FaultsInARealAccount_AreAllFound()
    {
        await using var deployment = await Deployment.CreateEmptyAsync();
        var planted = new Planted();
        await planted.WriteAsync(deployment.ConnectionString, TestContext.Current.CancellationToken);
        Assert.Empty(Auditor.Audit(await ReadAsync(deployment), planted.Expected));

        // A loss, a line twice, stale content, and messages that are left over: one that is visible, and one in somebody's hands.
        planted.Expected.Add("images", "stream/9.png", new UploadedContent("0x9", null));
        planted.Expected.Add("images", "stream/0.png", new UploadedContent("0xNEW", null));
        var results = deployment.Blobs.GetBlobContainerClient("jobs").GetBlobClient(planted.Manifest.Results[0]);
        var lines = string.Join('\n', planted.Lines.Prepend(planted.Lines[0])) + "\n";
        await results.UploadAsync(BinaryData.FromString(lines), overwrite: true, App.Cancellation);
        foreach (var name in (string[])["events", "batches-poison"])
        {
            await deployment.Queues.CreateQueueAsync(name, cancellationToken: App.Cancellation);
            await deployment.Queues.GetQueueClient(name).SendMessageAsync("left over", App.Cancellation);
        }

        await deployment.Queues.GetQueueClient("events").ReceiveMessageAsync(TimeSpan.FromMinutes(1), App.Cancellation);
        var findings = Auditor.Audit(await ReadAsync(deployment), planted.Expected);

        FindingKind[] kinds =
        [
            FindingKind.Lost, FindingKind.Stale, FindingKind.DuplicateLine, FindingKind.Job,
            FindingKind.LeftOverMessage, FindingKind.LeftOverMessage,
        ];
        Assert.Equal(kinds.Order(), findings.Select(finding => finding.Kind).Order());
    }

    private static Task<AccountState> ReadAsync(Deployment deployment) =>
        AccountState.ReadAsync(deployment.ConnectionString, App.Cancellation);
}
