using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Functions.Publishing;
using Nanodet.Serverless.Functions.Tests.Orchestration;
using Nanodet.Serverless.Pipeline.Publishing;

namespace Nanodet.Serverless.Functions.Tests.Publishing;

/// <summary>The publication of a checkpoint, event by event.</summary>
public sealed class PublishModelTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    private static readonly CheckpointPair Pair = new(
        "team/tiny", new CheckpointBlob("team/tiny.pth", "0x1", 100), new CheckpointBlob("team/tiny.yml", "0x2", 10));

    private static readonly CheckpointPair Half = Pair with { Config = null };

    private static readonly PublishOutcome Published = new(PublishStatus.Published, "tiny/1", null);

    private static readonly PublishOutcome Refused = new(PublishStatus.Refused, null, "publish_failed");

    [Fact]
    public void Run_WholePair_IsPublishedAtOnce()
    {
        var run = Start(Pair).Complete("PublishCheckpoint", Published).AssertReplays();

        Assert.Equal(Published, run.Result<PublishOutcome>());
        Assert.Equal(Pair, Assert.Single(run.Calls("PublishCheckpoint")).Read<CheckpointPair>());
        Assert.Empty(run.Waits());
    }

    [Fact]
    public void Run_HalfPair_WaitsThenPublishesWhatIsThere()
    {
        var run = Start(Half);
        Assert.Equal(["timer"], run.Open);
        Assert.Equal([Grace], run.Waits());

        // The event of the other one was lost: it is found all the same.
        run.FireTimer();
        Assert.Equal("team/tiny", run.Calls("FindCheckpoint")[0].Read<string>());
        run.Complete("FindCheckpoint", Pair).Complete("PublishCheckpoint", Published).AssertReplays();

        Assert.Equal(Published, run.Result<PublishOutcome>());
        Assert.Equal(Pair, run.Calls("PublishCheckpoint")[0].Read<CheckpointPair>());
    }

    [Fact]
    public void Run_OtherHalfNeverComes_IsReportedByTheActivity()
    {
        var run = Start(Half).FireTimer().Complete("FindCheckpoint", Half)
            .Complete("PublishCheckpoint", new PublishOutcome(PublishStatus.Refused, null, "config_missing")).AssertReplays();

        Assert.Equal("config_missing", run.Result<PublishOutcome>().Code);
        Assert.Equal(Half, run.Calls("PublishCheckpoint")[0].Read<CheckpointPair>());
        Assert.Single(run.Waits());
    }

    [Fact]
    public void Run_BothAreGoneMeanwhile_EndsWithoutAReport()
    {
        var run = Start(Half).FireTimer().Complete("FindCheckpoint").AssertReplays();

        Assert.Equal(PublishOutcome.None, run.Result<PublishOutcome>());
        Assert.Empty(run.Calls("PublishCheckpoint"));
        Assert.Empty(run.Calls("ReportCheckpoint"));
    }

    [Fact]
    public void Run_PublishingFailsForGood_IsReportedWithItsReason()
    {
        var run = Start(Pair).Fail("PublishCheckpoint", "storage is away").Complete("ReportCheckpoint", Refused).AssertReplays();

        Assert.Equal(Refused, run.Result<PublishOutcome>());
        Assert.Equal(
            new ReportCheckpointInput(Pair, "storage is away"), Assert.Single(run.Calls("ReportCheckpoint")).Read<ReportCheckpointInput>());
    }

    [Fact]
    public void Run_LookingFailsForGood_IsReportedForWhatWasSeen()
    {
        var run = Start(Half).FireTimer().Fail("FindCheckpoint", "storage is away").Complete("ReportCheckpoint", Refused).AssertReplays();

        Assert.Equal(Refused, run.Result<PublishOutcome>());
        Assert.Equal(new ReportCheckpointInput(Half, "storage is away"), run.Calls("ReportCheckpoint")[0].Read<ReportCheckpointInput>());
    }

    [Fact]
    public void Run_ReportFailsForGood_Fails()
    {
        var run = Start(Pair).Fail("PublishCheckpoint", "first").Fail("ReportCheckpoint", "second").AssertReplays();

        Assert.Equal("second", Assert.IsType<TaskFailedException>(run.Failure).FailureDetails.ErrorMessage);
        Assert.Single(run.Calls("ReportCheckpoint"));
    }

    [Fact]
    public void Run_EveryActivity_IsTriedAsOftenAsItsInputSays()
    {
        var run = Start(Half).FireTimer().Complete("FindCheckpoint", Pair).Fail("PublishCheckpoint", "x")
            .Complete("ReportCheckpoint", Refused);

        Assert.Equal([5, 5, 5], run.Decisions.Where(decision => decision.Kind == DecisionKind.Activity).Select(call => call.Attempts));
    }

    private static OrchestrationRun Start(CheckpointPair pair)
    {
        var waits = new Waits(TimeSpan.FromMinutes(2), TimeSpan.FromHours(1), 5, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
        return OrchestrationRun.Of(PublishModel.RunAsync).Start(new PublishModelInput(pair, Grace, waits), pair.InstanceId);
    }
}
