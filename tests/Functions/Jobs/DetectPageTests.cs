using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Functions.Tests.Orchestration;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Tests.Jobs;

/// <summary>One page of a job: three batches side by side.</summary>
public sealed class DetectPageTests
{
    private const string First = $"batch-{SomeJob.Id}-5-0";
    private const string Second = $"batch-{SomeJob.Id}-5-4";
    private const string Third = $"batch-{SomeJob.Id}-5-8";

    [Fact]
    public void Run_Page_StartsEveryBatchAtOnceAndAddsThemUp()
    {
        var run = Start();

        Assert.Equal([First, Second, Third], run.Calls("DetectBatch").Select(call => call.InstanceId));
        var page = SomeJob.Page(5, 9);
        Assert.Equal(
            page.Split(SomeJob.Definition).Select(batch => new DetectBatchInput(batch, SomeJob.Waits)),
            run.Calls("DetectBatch").Select(call => call.Read<DetectBatchInput>()));

        run.CompleteChild(Second, new BatchCounts(4, 0, 0)).CompleteChild(Third, new BatchCounts(0, 1, 1))
            .CompleteChild(First, new BatchCounts(2, 1, 1)).AssertReplays();
        Assert.Equal(new BatchCounts(6, 2, 2), run.Result<BatchCounts>());
        Assert.Empty(run.Sent());
    }

    [Fact]
    public void Run_EachBatchThatEnds_IsInTheStatusOnce()
    {
        var run = Start().CompleteChild(First, new BatchCounts(4, 0, 0)).CompleteChild(Second, new BatchCounts(3, 1, 0))
            .CompleteChild(Third, new BatchCounts(2, 0, 0)).AssertReplays();

        Assert.Equal(
            [new(0, 0, 0), new(4, 0, 0), new(7, 1, 0), new(9, 1, 0)],
            run.Statuses<BatchCounts>());
    }

    [Fact]
    public void Run_BatchFailsForGood_IsMissingInTheSumAndSaidOnce()
    {
        var run = Start().CompleteChild(First, new BatchCounts(4, 0, 0)).FailChild(Second, "storage is away")
            .CompleteChild(Third, new BatchCounts(2, 0, 0)).AssertReplays();

        Assert.Equal(new BatchCounts(6, 0, 0), run.Result<BatchCounts>());
        Assert.Contains($"{SomeJob.Id}-5-4", Assert.Single(run.Logged), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EveryBatchFails_EndsWithNothing()
    {
        var run = Start().FailChild(First, "a").FailChild(Second, "b").FailChild(Third, "c").AssertReplays();

        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
        Assert.Equal(3, run.Logged.Count);
    }

    [Fact]
    public void Run_CancelledAtItsBegin_TellsEveryBatchAndWaitsForThem()
    {
        var run = Start().Raise("PageCancelled", string.Empty);

        Assert.Equal([$"{First} BatchCancelled", $"{Second} BatchCancelled", $"{Third} BatchCancelled"], run.Sent());
        Assert.False(run.HasEnded);

        // A batch that was detected already is written all the same.
        run.CompleteChild(First, BatchCounts.None).CompleteChild(Second, new BatchCounts(4, 0, 0)).CompleteChild(Third, BatchCounts.None)
            .AssertReplays();
        Assert.Equal(new BatchCounts(4, 0, 0), run.Result<BatchCounts>());
    }

    [Fact]
    public void Run_CancelledLater_TellsOnlyBatchesThatRun()
    {
        var run = Start().CompleteChild(Second, new BatchCounts(4, 0, 0)).Raise("PageCancelled", string.Empty)
            .CompleteChild(First, BatchCounts.None).CompleteChild(Third, BatchCounts.None).AssertReplays();

        Assert.Equal([$"{First} BatchCancelled", $"{Third} BatchCancelled"], run.Sent());
        Assert.Equal(new BatchCounts(4, 0, 0), run.Result<BatchCounts>());
    }

    [Fact]
    public void Run_CancelledTwice_TellsThoseThatStillRunAgain()
    {
        var run = Start().Raise("PageCancelled", string.Empty).CompleteChild(First, BatchCounts.None)
            .CompleteChild(Second, BatchCounts.None).Raise("PageCancelled", string.Empty).CompleteChild(Third, BatchCounts.None)
            .AssertReplays();

        Assert.Equal(
            [$"{First} BatchCancelled", $"{Second} BatchCancelled", $"{Third} BatchCancelled", $"{Third} BatchCancelled"], run.Sent());
        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
    }

    [Fact]
    public void Run_PageOfOneBatch_Ends()
    {
        var run = OrchestrationRun.Of(DetectPage.RunAsync)
            .Start(new PageRun(SomeJob.Definition, SomeJob.Page(0, 0, count: 3), SomeJob.Waits), "page")
            .CompleteChild($"batch-{SomeJob.Id}-0-0", new BatchCounts(3, 0, 0)).AssertReplays();

        Assert.Equal(new BatchCounts(3, 0, 0), run.Result<BatchCounts>());
    }

    private static OrchestrationRun Start() =>
        OrchestrationRun.Of(DetectPage.RunAsync).Start(new PageRun(SomeJob.Definition, SomeJob.Page(5, 9), SomeJob.Waits), "page");
}
