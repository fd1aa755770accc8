using Nanodet.Detection.Batching;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Batching;

public sealed class RunSizeCalibrationTests
{
    [Theory]
    [InlineData(new[] { 100.0, 101, 500, 500 }, 8, 1, 2)]
    [InlineData(new[] { 100.0, 190, 300, 310 }, 8, 4, 4)]
    [InlineData(new[] { 100.0, 190, 300, 600 }, 8, 8, 4)]
    [InlineData(new[] { 100.0, 190, 300, 600 }, 5, 4, 3)]
    [InlineData(new[] { 100.0, 0 }, 8, 1, 2)]
    [InlineData(new[] { 100.0 }, 1, 1, 1)]
    public void Climb_Rates_StopsWhereMoreImagesBringNothing(double[] rates, int limit, int expected, int tried)
    {
        var measured = RunSizeCalibration.Climb(
            limit, size => rates[(int)Math.Log2(size)], () => true, TestContext.Current.CancellationToken);

        Assert.Equal((expected, tried), (measured.Best, measured.Rates.Count));
    }

    [Fact]
    public void Climb_TimeIsOver_TakesTheBestSoFar()
    {
        var left = 1;

        var measured = RunSizeCalibration.Climb(64, size => size, () => left-- > 0, TestContext.Current.CancellationToken);

        Assert.Equal(2, measured.Best);
    }

    [Fact]
    public void Choose_Options_SaysWhoDecided()
    {
        using var model = NanodetModel.Load(new OnnxTestModel().Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });
        using var single = NanodetModel.Load(
            new OnnxTestModel { FixedBatch = 1 }.Build(), new ModelOptions { Provider = ExecutionProvider.Cpu });

        Assert.Equal(
            new BatchingPlan(3, 4, "set by MaxRunSize"),
            Choose(model, new BatchingOptions { MaxRunSize = 6, Lanes = 3 }, 4));
        Assert.Equal(
            new BatchingPlan(3, 1, "not measured, the default on CPU"),
            Choose(model, new BatchingOptions { CalibrationTime = TimeSpan.Zero, Lanes = 3 }, 4));
        Assert.Equal(1, Choose(single, new BatchingOptions { MaxRunSize = 6 }, 8).MaxRunSize);
        var measured = Choose(model, new BatchingOptions(), 2);
        Assert.Equal(Environment.ProcessorCount, measured.Lanes);
        Assert.InRange(measured.MaxRunSize, 1, 2);
        Assert.StartsWith("measured: 1 a run ", measured.Reason, StringComparison.Ordinal);
    }

    private static BatchingPlan Choose(NanodetModel model, BatchingOptions options, int limit) =>
        BatchingPlan.Choose(model, options, limit, TimeProvider.System, TestContext.Current.CancellationToken);
}
