using Microsoft.DurableTask;
using Nanodet.Serverless.Functions.Jobs;
using Nanodet.Serverless.Functions.Tests.Orchestration;
using Nanodet.Serverless.Pipeline.Jobs;
using Nanodet.Serverless.Pipeline.Messages;

namespace Nanodet.Serverless.Functions.Tests.Jobs;

/// <summary>A job, page by page.</summary>
public sealed class DetectFolderTests
{
    private static readonly BatchCounts Ten = new(8, 1, 1);

    [Fact]
    public void Run_TwoPages_ListsByTokenAddsUpAndWritesTheManifest()
    {
        var run = Start(pages: 2);

        Assert.Equal(
            [new(SomeJob.Definition, 0, null), new(SomeJob.Definition, 1, "after 0")],
            run.Calls("ListImages").Select(call => call.Read<JobPageRequest>()));
        Assert.Equal([Page(0), Page(1)], run.Calls("DetectPage").Select(call => call.InstanceId));
        Assert.Equal(
            [new(SomeJob.Definition, SomeJob.Page(0, 1), SomeJob.Waits), new(SomeJob.Definition, SomeJob.Page(1, 1), SomeJob.Waits)],
            run.Calls("DetectPage").Select(call => call.Read<PageRun>()));

        // They end in whatever order.
        run.CompleteChild(Page(1), new BatchCounts(9, 0, 1)).Pass(TimeSpan.FromMinutes(5)).CompleteChild(Page(0), Ten);
        Assert.Equal(["WriteManifest"], run.Open);
        var end = End(run);
        Assert.Equal((JobState.Completed, null), (end.State, end.Error));
        Assert.Equal(
            SomeJob.NoProgress with { Pages = 2, Discovered = 20, Detected = 17, Failed = 1, Skipped = 2, IsListed = true }, end.Progress);
        Assert.Equal(run.Now, end.EndedUtc.UtcDateTime);

        Assert.Equal(new JobOutcome(JobState.Completed, null), Finish(run));
    }

    [Fact]
    public void Run_ManyPages_KeepsNoMoreInFlightThanAsked()
    {
        var run = Start(pages: 5);

        Assert.Equal(["DetectPage", "DetectPage"], run.Open);
        Assert.Equal(2, run.Calls("ListImages").Length);

        run.CompleteChild(Page(0), Ten);
        Assert.Equal([Page(0), Page(1), Page(2)], run.Calls("DetectPage").Select(call => call.InstanceId));
        for (var page = 1; page < 5; page++)
        {
            run.CompleteChild(Page(page), Ten);
        }

        Finish(run);
        Assert.Equal(5, run.Calls("ListImages").Length);
    }

    [Fact]
    public void Run_ManyPages_AreCutIntoGenerationsAndCountedOnce()
    {
        var run = Start(pages: 5, pagesPerGeneration: 2);
        for (var page = 0; page < 5; page++)
        {
            Assert.Equal(1 + (page / 2), run.Generations);
            run.CompleteChild(Page(page), Ten);
        }

        Finish(run);
        Assert.Equal(3, run.Generations);
        Assert.Equal([null, "after 1", "after 3"], run.Inputs<JobRun>().Select(input => input.Token));
        Assert.Equal([0, 2, 4], run.Inputs<JobRun>().Select(input => input.Progress.Pages));
        Assert.Equal([0L, 20, 40], run.Inputs<JobRun>().Select(input => input.Progress.CountProcessed()));
        Assert.All(run.Inputs<JobRun>(), input => Assert.Equal(
            (SomeJob.Definition, SomeJob.Waits, 2, SomeJob.Definition.CreatedUtc),
            (input.Job, input.Waits, input.PagesPerGeneration, input.Progress.StartedUtc)));
        Assert.Equal([0, 1, 2, 3, 4], run.Calls("ListImages").Select(call => call.Read<JobPageRequest>().Page));
        Assert.Equal(
            SomeJob.NoProgress with { Pages = 5, Discovered = 50, Detected = 40, Failed = 5, Skipped = 5, IsListed = true },
            End(run).Progress);
    }

    [Fact]
    public void Run_LastPageIsTheLastOfItsGeneration_EndsWithoutAnEmptyOne()
    {
        var run = Start(pages: 2, pagesPerGeneration: 2).CompleteChild(Page(0), Ten).CompleteChild(Page(1), Ten);

        Finish(run);
        Assert.Equal(1, run.Generations);
    }

    [Fact]
    public void Run_Cut_ComesOnlyWhenNoPageIsInFlight()
    {
        var run = Start(pages: 4, pagesPerGeneration: 2).CompleteChild(Page(1), Ten);

        // The generation has listed its share: it waits for its other page, and lists no more.
        Assert.Equal((1, 2), (run.Generations, run.Calls("ListImages").Length));
        Assert.Equal(2, run.CompleteChild(Page(0), Ten).Generations);
        run.CompleteChild(Page(2), Ten).CompleteChild(Page(3), Ten);
        Finish(run);
        Assert.Equal(40, End(run).Progress.CountProcessed());
    }

    [Fact]
    public void Run_Status_HasEachPageInFlightOrCountedAndNeverBoth()
    {
        var run = Start(pages: 3).CompleteChild(Page(1), Ten).CompleteChild(Page(2), Ten).CompleteChild(Page(0), Ten);
        Finish(run);

        Assert.Equal(
            [(20L, 0L, "0 1"), (30, 10, "0 2"), (30, 20, "0"), (30, 30, "")],
            run.Statuses<JobView>().Select(view =>
                (view.Progress.Discovered, view.Progress.CountProcessed(), string.Join(' ', view.PagesInFlight))));
    }

    [Fact]
    public void Run_PageWithoutImages_StartsNothingAndIsCounted()
    {
        var run = OrchestrationRun.Of(DetectFolder.RunAsync)
            .On<JobPageRequest>(
                "ListImages",
                request => new JobAnswer(Listed: SomeJob.Page(request.Page, 1, count: request.Page == 0 ? 0 : 10, filtered: 10 - request.Page)))
            .Start(SomeJob.Run(SomeJob.Definition)).CompleteChild(Page(1), Ten);
        Finish(run);

        Assert.Equal([Page(1)], run.Calls("DetectPage").Select(call => call.InstanceId));
        Assert.Equal((2, 10L, 19L), (End(run).Progress.Pages, End(run).Progress.Discovered, End(run).Progress.Filtered));
    }

    [Fact]
    public void Run_FolderWithoutImages_WritesItsManifest()
    {
        var run = OrchestrationRun.Of(DetectFolder.RunAsync)
            .On<JobPageRequest>("ListImages", request => new JobAnswer(Listed: SomeJob.Page(request.Page, 0, count: 0))).Start(SomeJob.Run(SomeJob.Definition));

        Finish(run);
        Assert.Equal(JobState.Completed, End(run).State);
    }

    [Fact]
    public void Run_PageFailsForGood_GoesOnWithoutItsCountsAndSaysSoOnce()
    {
        var run = Start(pages: 3).FailChild(Page(0), "lost").CompleteChild(Page(1), Ten).CompleteChild(Page(2), Ten);
        Finish(run);

        // The manifest finds that images are missing.
        Assert.Equal((JobState.Completed, 30L, 20L), (End(run).State, End(run).Progress.Discovered, End(run).Progress.CountProcessed()));
        Assert.Contains("Page 0 ", Assert.Single(run.Logged), StringComparison.Ordinal);
        Assert.Empty(run.Sent());
    }

    [Fact]
    public void Run_ListingFailsForGood_EndsEarlyAndWaitsForPagesInFlight()
    {
        var run = OrchestrationRun.Of(DetectFolder.RunAsync).Start(SomeJob.Run(SomeJob.Definition))
            .Complete("ListImages", new JobAnswer(Listed: SomeJob.Page(0, 9))).Fail("ListImages", "storage is away");

        Assert.Equal([$"{Page(0)} PageCancelled"], run.Sent());
        Assert.Equal(["DetectPage"], run.Open);

        run.CompleteChild(Page(0), Ten);
        Finish(run);
        Assert.Equal((JobState.Failed, 10L), (End(run).State, End(run).Progress.CountProcessed()));
        Assert.Contains("storage is away", End(run).Error, StringComparison.Ordinal);
        Assert.False(End(run).Progress.IsListed);
    }

    [Fact]
    public void Run_TooManyFailures_EndsEarlyAndKeepsWhatItsOtherPageDid()
    {
        var run = Start(pages: 9, job: SomeJob.Definition with { ErrorThreshold = ErrorThreshold.Parse("20%") })
            .CompleteChild(Page(1), new BatchCounts(7, 3, 0));

        Assert.Equal([$"{Page(0)} PageCancelled"], run.Sent());
        Assert.Equal(2, run.Calls("ListImages").Length);

        run.CompleteChild(Page(0), new BatchCounts(4, 0, 0));
        Finish(run);
        Assert.Equal((JobState.Failed, 11L, 3L), (End(run).State, End(run).Progress.Detected, End(run).Progress.Failed));
        Assert.StartsWith("3 of 10 images failed", End(run).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FailuresOfEarlierGenerations_CountForTheThreshold()
    {
        var run = Start(pages: 9, pagesPerGeneration: 1, job: SomeJob.Definition with { ErrorThreshold = ErrorThreshold.Parse("2") });
        run.CompleteChild(Page(0), Ten).CompleteChild(Page(1), Ten).CompleteChild(Page(2), Ten);

        Finish(run);
        Assert.Equal((3, JobState.Failed, 3L), (run.Generations, End(run).State, End(run).Progress.Failed));
    }

    [Fact]
    public void Run_CancelledWhileItLists_TellsThePageThatWasListedMeanwhile()
    {
        var run = OrchestrationRun.Of(DetectFolder.RunAsync).Start(SomeJob.Run(SomeJob.Definition)).Raise("JobCancelled", string.Empty);

        Assert.Equal(["ListImages"], run.Open);
        run.Complete("ListImages", new JobAnswer(Listed: SomeJob.Page(0, 9)));
        Assert.Equal([$"{Page(0)} PageCancelled"], run.Sent());
        run.CompleteChild(Page(0), BatchCounts.None);

        Finish(run);
        Assert.Single(run.Calls("ListImages"));
        Assert.Equal((JobState.Cancelled, 10L, 0L), (End(run).State, End(run).Progress.Discovered, End(run).Progress.CountProcessed()));
    }

    [Fact]
    public void Run_CancelledWhilePagesAreInFlight_TellsThemListsNoMoreAndKeepsWhatTheyDid()
    {
        var run = Start(pages: 9).CompleteChild(Page(0), Ten).Raise("JobCancelled", string.Empty);

        Assert.Equal([$"{Page(1)} PageCancelled", $"{Page(2)} PageCancelled"], run.Sent());
        run.CompleteChild(Page(2), BatchCounts.None).CompleteChild(Page(1), new BatchCounts(4, 0, 0));

        Finish(run);
        Assert.Equal(3, run.Calls("ListImages").Length);
        Assert.Equal((JobState.Cancelled, 30L, 14L), (End(run).State, End(run).Progress.Discovered, End(run).Progress.CountProcessed()));
        Assert.Equal("The job was cancelled.", End(run).Error);
    }

    [Fact]
    public void Run_CancelledTwice_TellsPagesThatStillRunAgain()
    {
        var run = Start(pages: 9).Raise("JobCancelled", string.Empty).CompleteChild(Page(1), BatchCounts.None)
            .Raise("JobCancelled", string.Empty).CompleteChild(Page(0), BatchCounts.None);

        Finish(run);
        Assert.Equal([$"{Page(0)} PageCancelled", $"{Page(1)} PageCancelled", $"{Page(0)} PageCancelled"], run.Sent());
        Assert.Equal(JobState.Cancelled, End(run).State);
    }

    [Fact]
    public void Run_CancelledWithTheLastPageOfAGeneration_EndsInsteadOfTheCut()
    {
        var run = Start(pages: 9, pagesPerGeneration: 1).Raise("JobCancelled", string.Empty).CompleteChild(Page(0), Ten);

        Finish(run);
        Assert.Equal((1, JobState.Cancelled, 10L), (run.Generations, End(run).State, End(run).Progress.CountProcessed()));
    }

    [Fact]
    public void Run_CancelledInALaterGeneration_KeepsTheCountsOfTheFirst()
    {
        var run = Start(pages: 9, pagesPerGeneration: 1).CompleteChild(Page(0), Ten).Raise("JobCancelled", string.Empty)
            .CompleteChild(Page(1), BatchCounts.None);

        Finish(run);
        Assert.Equal((2, JobState.Cancelled, 10L, 20L),
            (run.Generations, End(run).State, End(run).Progress.CountProcessed(), End(run).Progress.Discovered));
        Assert.Equal([$"{Page(1)} PageCancelled"], run.Sent());
    }

    [Fact]
    public void Run_CancelledAfterTooManyFailures_KeepsTheFirstReason()
    {
        var run = Start(pages: 9, job: SomeJob.Definition with { ErrorThreshold = ErrorThreshold.Parse("0") })
            .CompleteChild(Page(0), Ten).Raise("JobCancelled", string.Empty).CompleteChild(Page(1), BatchCounts.None);

        Finish(run);
        Assert.Equal(JobState.Failed, End(run).State);
    }

    [Fact]
    public void Run_CancelledWhileItsManifestIsWritten_EndsAsItWas()
    {
        var run = Start(pages: 1).CompleteChild(Page(0), Ten).Raise("JobCancelled", string.Empty);

        Finish(run);
        Assert.Equal(JobState.Completed, End(run).State);
    }

    [Fact]
    public void Run_Outputs_AreWrittenAPartAtATimeBeforeTheManifest()
    {
        // 10 images a page are 5,000 pages a part; here a page of 5,000 is 10 pages a part.
        var job = SomeJob.Definition with { PageSize = 5000, PagesInFlight = 64, Outputs = new TextList(["csv", "coco"]) };
        var run = Start(pages: 12, job: job);
        for (var page = 0; page < 12; page++)
        {
            run.CompleteChild(Page(page), Ten);
        }

        Assert.Equal(["WriteExports"], run.Open);
        run.Complete("WriteExports", new JobAnswer(Outputs:
        [
            new() { Format = "csv", Files = ["a"], Images = 10, Detections = 20 }, new() { Format = "coco", Files = ["b"], Images = 8, LeftOut = 2 },
        ]));
        Assert.Equal(["WriteExports"], run.Open);
        run.Fail("WriteExports", "storage is away");

        Assert.Equal(
            [(0, $"{SomeJob.Id}/results.ndjson"), (1, $"{SomeJob.Id}/results-0001.ndjson")],
            run.Calls("WriteExports").Select(call => call.Read<JobExport>()).Select(part => (part.Part, part.Results)));
        var outputs = End(run).Outputs!;
        Assert.Equal(["csv", "coco"], outputs.Select(output => output.Format));
        Assert.Equal((10, 20, 0), (outputs[0].Images, outputs[0].Detections, outputs[0].LeftOut));
        Assert.Equal(["b"], outputs[1].Files);
        Assert.All(outputs, output => Assert.Equal($"{SomeJob.Id}/results-0001.ndjson: storage is away", output.Error));

        // What could not be exported ends no job.
        Assert.Equal(JobState.Completed, Finish(run).State);
    }

    [Fact]
    public void Run_ManifestFailsForGood_Fails()
    {
        var run = Start(pages: 1).CompleteChild(Page(0), Ten).Fail("WriteManifest", "storage is away").AssertReplays();

        Assert.Equal("storage is away", Assert.IsType<TaskFailedException>(run.Failure).FailureDetails.ErrorMessage);
    }

    [Fact]
    public void Run_EndThatCannotBeAnnounced_EndsAsItsManifestSays()
    {
        var run = Start(pages: 1).CompleteChild(Page(0), Ten)
            .Complete("WriteManifest", new JobAnswer(Outcome: new JobOutcome(JobState.Completed, null))).Fail("AnnounceJobEnd", "storage is away").AssertReplays();

        Assert.Equal(new JobOutcome(JobState.Completed, null), run.Result<JobOutcome>());
    }

    /// <summary>A host died between the listing and the cancellation that came with it, either way round.</summary>
    [Fact]
    public void Run_AnswerOfAnotherActivity_IsAskedForAgain()
    {
        var run = OrchestrationRun.Of(DetectFolder.RunAsync).Start(SomeJob.Run(SomeJob.Definition))
            .Complete("ListImages", new JobAnswer(Outcome: new JobOutcome(JobState.Cancelled, null))).Complete("ListImages");

        Assert.Equal(["ListImages"], run.Open);
        run.Complete("ListImages", new JobAnswer(Listed: SomeJob.Page(0, 0))).CompleteChild(Page(0), Ten)
            .Complete("WriteManifest", new JobAnswer(Listed: SomeJob.Page(1, 9)));

        Assert.Equal(["WriteManifest"], run.Open);
        run.Complete("WriteManifest", new JobAnswer(Outcome: new JobOutcome(JobState.Completed, null))).Complete("AnnounceJobEnd");
        Assert.Equal(new JobOutcome(JobState.Completed, null), run.AssertReplays().Result<JobOutcome>());
        Assert.Equal([0, 0, 0], run.Calls("ListImages").Select(call => call.Read<JobPageRequest>().Page));
        Assert.Equal(2, run.Calls("WriteManifest").Length);
    }

    [Fact]
    public void Run_EveryActivity_IsTriedAsOftenAsItsInputSays()
    {
        var run = Start(pages: 1).CompleteChild(Page(0), Ten);
        Finish(run);

        Assert.Equal([7, 7, 7], run.Decisions.Where(decision => decision.Kind == DecisionKind.Activity).Select(call => call.Attempts));
    }

    /// <summary>A job over a folder of so many pages; listing is answered at once, pages are the test's.</summary>
    private static OrchestrationRun Start(int pages, int pagesPerGeneration = 16, JobDefinition? job = null) =>
        OrchestrationRun.Of(DetectFolder.RunAsync)
            .On<JobPageRequest>("ListImages", request => Listed(request, pages))
            .Start(SomeJob.Run(job ?? SomeJob.Definition, pagesPerGeneration), $"job-{SomeJob.Id}");

    /// <summary>Listing goes on where the page before says.</summary>
    private static JobAnswer Listed(JobPageRequest request, int pages)
    {
        Assert.Equal(request.Page == 0 ? null : $"after {request.Page - 1}", request.Token);
        return new JobAnswer(Listed: SomeJob.Page(request.Page, pages - 1));
    }

    /// <summary>Writes the manifest, and runs the whole history again.</summary>
    private static JobOutcome Finish(OrchestrationRun run)
    {
        var end = End(run);
        run.Complete("WriteManifest", new JobAnswer(Outcome: new JobOutcome(end.State, end.Error))).AssertReplays();
        Assert.Equal(SomeJob.Id, Assert.Single(run.Calls("AnnounceJobEnd")).Read<string>());
        run.Complete("AnnounceJobEnd").AssertReplays();
        return run.Result<JobOutcome>();
    }

    private static JobEnd End(OrchestrationRun run) => Assert.Single(run.Calls("WriteManifest")).Read<JobEnd>();

    private static string Page(int page) => $"page-{SomeJob.Id}-{page}";
}
