using Nanodet.Serverless.Bench.Simulation;

namespace Nanodet.Serverless.Infra.Tests.Simulation;

/// <summary>The simulation of bench against what was measured, against arithmetic, and against docs/scale.md.</summary>
public sealed class SimulationTests
{
    [Fact]
    public void LocalFigures_EachOne_IsReproducedWithinAFifth()
    {
        Assert.True(LocalFigure.All.Count >= 5);
        Assert.All(LocalFigure.All, figure => Assert.True(figure.Error < LocalFigure.Tolerance, $"{figure.Name}: {figure.Simulated}"));

        // They are not all one figure: the simulation has to tell them apart.
        Assert.True(LocalFigure.All.Max(figure => figure.Measured) > 2 * LocalFigure.All.Min(figure => figure.Measured));
    }

    [Fact]
    public void Tables_OfTheDocumentation_AreWhatTheSimulationSays()
    {
        var text = File.ReadAllText(Repository.PathOf("docs", "scale.md")).ReplaceLineEndings("\n");

        Assert.Contains($"<!-- figures -->\n{ScaleTable.Figures()}<!-- end -->", text, StringComparison.Ordinal);
        Assert.Contains($"<!-- limits -->\n{ScaleTable.Limits()}<!-- end -->", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Job_WorkersTheBottleneck_IsAsFastAsTheirCores()
    {
        var job = JobSimulation.Run(Plant(workers: 3), 100_000);

        // 3 workers of 2 cores at 20 ms an image: 300 a second at the most.
        Assert.InRange(job.Rate, 270, 300);
        Assert.InRange(job.WorkerUse, 0.9, 1);
    }

    [Fact]
    public void Job_CoordinatorTheBottleneck_GainsNothingByMoreWorkers()
    {
        var plant = Plant(workers: 30) with { CoordinatorCores = 0.5, Times = new ServiceTimes(20, 2, 0) };
        var rate = JobSimulation.Run(plant, 100_000).Rate;

        // Half of a core at 2 ms an image: 250 a second.
        Assert.InRange(rate, 220, 250);
        Assert.Equal(rate, JobSimulation.Run(plant with { Workers = 60 }, 100_000).Rate, rate * 0.05);
    }

    [Fact]
    public void Job_FewPagesInFlight_LeavesWorkersIdle()
    {
        var few = JobSimulation.Run(Plant(workers: 40) with { PagesInFlight = 1 }, 100_000);
        var many = JobSimulation.Run(Plant(workers: 40) with { PagesInFlight = 16 }, 100_000);

        Assert.True(many.Rate > 1.5 * few.Rate, $"{many.Rate} {few.Rate}");
        Assert.True(few.LongestQueue <= 16);
    }

    [Fact]
    public void Job_WorkersThatHaveToStart_EndsThatMuchLater()
    {
        var cold = JobSimulation.Run(Plant(workers: 3) with { StartSeconds = 180 }, 50_000);

        Assert.Equal(JobSimulation.Run(Plant(workers: 3), 50_000).Seconds + 180, cold.Seconds, 2.0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(1001)]
    public void Job_AnyNumberOfImages_UsesTheTimeOfEachOnce(long images)
    {
        var plant = Plant(workers: 1) with { CoordinatorCores = 2 };
        var job = JobSimulation.Run(plant, images);

        Assert.Equal(images * 0.020, job.WorkerUse * job.Seconds * plant.WorkerCores, 1e-6);
        Assert.Equal(images * 0.001, job.CoordinatorUse * job.Seconds * plant.CoordinatorCores, 1e-6);
    }

    [Fact]
    public void Plan_AHundredMillion_MeetsTheCoordinatorFirstAndThenNoLimitOfStorage()
    {
        var plan = ScalePlan.For(100_000_000, 24, isByUpload: false, workerRate: 330);

        Assert.Equal("coordinator", plan.First.Part);
        Assert.Equal(4, plan.Deployments);
        Assert.Equal(4, plan.Workers);
        Assert.All(plan.Demands.Where(demand => demand.Part != "coordinator"), demand => Assert.True(demand.Share / plan.Deployments < 0.9));
    }

    [Fact]
    public void Plan_Bytes_AreCountedAndCanBeTheFirstLimit()
    {
        // 1,000 images a second of 1 MB: 8 Gbit a second in and out, and 3.8 requests of 1 kB and the record for each.
        var traffic = new ImageTraffic { ImageBytes = 1e6, RecordBytes = 1000 };
        var plan = ScalePlan.For(86_400_000, 24, isByUpload: false, workerRate: 100, traffic);
        Assert.Equal(8 * 1.0058, plan.Demands.Single(demand => demand.Part == "account, bytes in").PerSecond, 1e-6);
        Assert.Equal(8 * 1.0048, plan.Demands.Single(demand => demand.Part == "account, bytes out").PerSecond, 1e-6);
        Assert.Equal(0.8, plan.WorkerGbps, 1e-6);

        var large = ScalePlan.For(86_400_000, 24, isByUpload: false, workerRate: 100, traffic with { ImageBytes = 2e7 });
        Assert.Equal("account, bytes in", large.First.Part);
        Assert.Equal(8, large.Deployments);
    }

    private static Plant Plant(int workers) => new()
    {
        Times = new ServiceTimes(20, 1, 0),
        Workers = workers,
        WorkerCores = 2,
        CoordinatorCores = 8,
        PagesInFlight = 8,
    };
}
