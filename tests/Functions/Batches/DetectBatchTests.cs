using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Batches;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Functions.Tests.Orchestration;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Tests.Batches;

/// <summary>The wait of a batch for its worker, event by event.</summary>
public sealed class DetectBatchTests
{
    private static readonly Waits Waits = new(
        TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(60), 10, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));

    private static readonly BatchReference Batch = new()
    {
        BatchId = "0123",
        Blob = "lists/0123.ndjson",
        Count = 3,
        Traceparent = "00-a-b-01",
    };

    private static readonly BatchDetected Detected = new("0123", "batches/0123.ndjson", 1, 1, 1);

    private static readonly BatchCounts Counts = new(1, 1, 1);

    private static readonly BatchAnswer Found = new(Detected: Detected);

    private static readonly BatchAnswer Written = new(Counts: Counts);

    [Fact]
    public void Run_EventComes_WritesOnceAndLeavesNoTimer()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchDetected", Detected).Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Equal(["QueueBatch", "WriteDetections"], Activities(run));
        Assert.Equal(new BatchMessage { Batch = Batch, Attempt = 1 }, run.Calls("QueueBatch")[0].Read<BatchMessage>());
        Assert.Equal(new WriteDetectionsInput(Batch, Detected), run.Calls("WriteDetections")[0].Read<WriteDetectionsInput>());
        Assert.Equal([TimeSpan.FromMinutes(2)], run.Waits());
        Assert.Single(run.Decisions, decision => decision.Kind == DecisionKind.StopTimer);
        Assert.Empty(run.Open);
    }

    [Fact]
    public void Run_EventIsLost_FindsTheStagingBlobWhenTheTimerFires()
    {
        var run = Start().Complete("QueueBatch").FireTimer();

        Assert.Equal(["FindStaging"], run.Open);
        Assert.Equal(Batch, run.Calls("FindStaging")[0].Read<BatchReference>());

        run.Complete("FindStaging", Found).Complete("WriteDetections", Written).AssertReplays();
        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Equal(["QueueBatch", "FindStaging", "WriteDetections"], Activities(run));
        Assert.Equal(Detected, run.Calls("WriteDetections")[0].Read<WriteDetectionsInput>().Detected);
    }

    [Fact]
    public void Run_EventComesTwice_WritesOnce()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchDetected", Detected).Raise("BatchDetected", Detected with { Detected = 9 })
            .Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Equal(Detected, Assert.Single(run.Calls("WriteDetections")).Read<WriteDetectionsInput>().Detected);
    }

    [Fact]
    public void Run_EventComesBeforeItsMessageIsKnownToBeQueued_IsNotLost()
    {
        // A worker may be faster than the answer of the activity.
        var run = Start().Raise("BatchDetected", Detected).Complete("QueueBatch").Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Equal(["QueueBatch", "WriteDetections"], Activities(run));
        Assert.Empty(run.Open);
    }

    [Fact]
    public void Run_EventComesLate_WhileTheStagingBlobIsWritten_WritesOnce()
    {
        var run = Start().Complete("QueueBatch").FireTimer().Complete("FindStaging", Found).Raise("BatchDetected", Detected)
            .Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Single(run.Calls("WriteDetections"));
        Assert.Single(run.Calls("QueueBatch"));
    }

    /// <summary>A host died: under the same number the next one hands out another activity, and receives the first one's answer.</summary>
    [Fact]
    public void Run_WriteReceivesTheAnswerOfFind_WritesAgain()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchDetected", Detected)
            .Complete("WriteDetections", new BatchAnswer()).Complete("WriteDetections", Found).Complete("WriteDetections");

        Assert.Equal(["WriteDetections"], run.Open);
        Assert.Equal(Counts, run.Complete("WriteDetections", Written).AssertReplays().Result<BatchCounts>());
        Assert.All(run.Calls("WriteDetections"), call => Assert.Equal(Detected, call.Read<WriteDetectionsInput>().Detected));
    }

    [Fact]
    public void Run_FindReceivesTheAnswerOfWrite_IsDone()
    {
        var run = Start().Complete("QueueBatch").FireTimer().Complete("FindStaging", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Empty(run.Calls("WriteDetections"));
    }

    [Fact]
    public void Run_WriteNeverAnswersWithCounts_FailsByName()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchDetected", Detected);
        for (var i = 0; i < 5; i++)
        {
            run.Complete("WriteDetections");
        }

        Assert.Contains("Expected an answer of WriteDetections for batch 0123", run.Failure?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_EventComesWhileStorageIsLookedAt_IsTakenWithoutAnotherRound()
    {
        var run = Start().Complete("QueueBatch").FireTimer().Raise("BatchDetected", Detected).Complete("FindStaging");

        Assert.Equal(["WriteDetections"], run.Open);
        Assert.Equal(Counts, run.Complete("WriteDetections", Written).AssertReplays().Result<BatchCounts>());
    }

    [Fact]
    public void Run_EventComesWhileStorageIsLookedAtBeforeTheCut_IsNotLost()
    {
        var run = Start();
        for (var round = 1; round < DetectBatch.RoundsPerGeneration; round++)
        {
            WaitInVain(run);
        }

        run.Complete("QueueBatch").FireTimer().Raise("BatchDetected", Detected).Complete("FindStaging")
            .Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Equal(1, run.Generations);
    }

    [Fact]
    public void Run_CancelledBeforeItsMessageIsKnownToBeQueued_EndsAtOnce()
    {
        var run = Start().Raise("BatchCancelled", string.Empty).Complete("QueueBatch").Complete("FindStaging").AssertReplays();

        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
        Assert.Equal(["QueueBatch", "FindStaging"], Activities(run));
        Assert.Empty(run.Open);
    }

    [Fact]
    public void Run_CancelledWhileItWaits_EndsAtOnce()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchCancelled", string.Empty).Complete("FindStaging").AssertReplays();

        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
        Assert.Equal(["QueueBatch", "FindStaging"], Activities(run));
        Assert.Empty(run.Open);
    }

    [Fact]
    public void Run_CancelledWhileItWaits_WritesWhatIsDetectedAlready()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchCancelled", string.Empty).Complete("FindStaging", Found)
            .Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
    }

    [Fact]
    public void Run_CancelledWhileStorageIsLookedAt_EndsWithoutAnotherRound()
    {
        var run = Start().Complete("QueueBatch").FireTimer().Raise("BatchCancelled", string.Empty).Complete("FindStaging").AssertReplays();

        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
        Assert.Single(run.Calls("QueueBatch"));
    }

    [Fact]
    public void Run_CancelledWhileStorageIsLookedAtBeforeTheCut_EndsInsteadOfTheCut()
    {
        var run = Start();
        for (var round = 1; round < DetectBatch.RoundsPerGeneration; round++)
        {
            WaitInVain(run);
        }

        run.Complete("QueueBatch").FireTimer().Raise("BatchCancelled", string.Empty).Complete("FindStaging").AssertReplays();

        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
        Assert.Equal(1, run.Generations);
    }

    [Fact]
    public void Run_CancelledWhileItsResultsAreWritten_WritesThem()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchDetected", Detected).Raise("BatchCancelled", string.Empty)
            .Complete("WriteDetections", Written).AssertReplays();

        Assert.Equal(Counts, run.Result<BatchCounts>());
    }

    [Fact]
    public void Run_CancelledTwice_EndsOnce()
    {
        var run = Start().Complete("QueueBatch").Raise("BatchCancelled", string.Empty).Raise("BatchCancelled", string.Empty)
            .Complete("FindStaging").AssertReplays();

        Assert.Equal(BatchCounts.None, run.Result<BatchCounts>());
        Assert.Single(run.Calls("FindStaging"));
    }

    [Fact]
    public void Run_TenRoundsWithoutAWorker_GoesOnWithGrowingWaitsAndOneCutAndCountsOnce()
    {
        var run = Start();
        for (var round = 1; round <= 10; round++)
        {
            WaitInVain(run);
        }

        Assert.Equal((2, false), (run.Generations, run.HasEnded));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], run.Calls("QueueBatch").Select(call => call.Read<BatchMessage>().Attempt));
        Assert.All(run.Calls("QueueBatch"), call => Assert.Equal(Batch, call.Read<BatchMessage>().Batch));
        Assert.Equal([2, 4, 8, 16, 32, 60, 60, 60, 60, 60], run.Waits().Select(wait => wait.TotalMinutes));

        run.Complete("QueueBatch").Raise("BatchDetected", Detected).Complete("WriteDetections", Written).AssertReplays();
        Assert.Equal(Counts, run.Result<BatchCounts>());
        Assert.Single(run.Calls("WriteDetections"));
    }

    [Fact]
    public void Run_Cut_CarriesBatchWaitsAndRounds()
    {
        var run = Start();
        for (var round = 1; round <= 2 * DetectBatch.RoundsPerGeneration; round++)
        {
            WaitInVain(run);
        }

        run.AssertReplays();
        Assert.Equal(
            [
                new DetectBatchInput(Batch, Waits),
                new DetectBatchInput(Batch, Waits, DetectBatch.RoundsPerGeneration),
                new DetectBatchInput(Batch, Waits, 2 * DetectBatch.RoundsPerGeneration),
            ],
            run.Inputs<DetectBatchInput>());
    }

    [Theory]
    [InlineData("QueueBatch")]
    [InlineData("FindStaging")]
    [InlineData("WriteDetections")]
    public void Run_ActivityFailsForGood_Fails(string activity)
    {
        var run = Start();
        if (activity != "QueueBatch")
        {
            run.Complete("QueueBatch");
            _ = activity == "FindStaging" ? run.FireTimer() : run.Raise("BatchDetected", Detected);
        }

        run.Fail(activity, "storage is away").AssertReplays();

        Assert.Equal("storage is away", Assert.IsType<TaskFailedException>(run.Failure).FailureDetails.ErrorMessage);
        Assert.Empty(run.Open);
    }

    [Fact]
    public void Run_EveryActivity_IsTriedAsOftenAsItsInputSays()
    {
        var run = Start().Complete("QueueBatch").FireTimer().Complete("FindStaging", Found).Complete("WriteDetections", Written);

        Assert.All(run.Decisions.Where(decision => decision.Kind == DecisionKind.Activity), call => Assert.Equal(10, call.Attempts));
    }

    private static OrchestrationRun Start() =>
        OrchestrationRun.Of(DetectBatch.RunAsync).Start(new DetectBatchInput(Batch, Waits), "batch-0123");

    /// <summary>One round in which nobody takes the batch.</summary>
    private static void WaitInVain(OrchestrationRun run) => run.Complete("QueueBatch").FireTimer().Complete("FindStaging");

    private static IEnumerable<string> Activities(OrchestrationRun run) =>
        run.Decisions.Where(decision => decision.Kind == DecisionKind.Activity).Select(decision => decision.Name);
}
