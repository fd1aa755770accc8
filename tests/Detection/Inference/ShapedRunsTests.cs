using Nanodet.Detection.Batching;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class ShapedRunsTests
{
    private static readonly OnnxTestModel OneShape = new();
    private static readonly OnnxTestModel AnyShape = new() { KeepRatio = true };
    private static readonly ShapedRunsOptions Few = ShapedRunsOptions.Of([1, 4], builders: 2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_BatchesAndShapes_GivesTheBitsOfSharedRuns()
    {
        var bytes = AnyShape.Build();
        using var shared = BoundModel.Shared(AnyShape);
        using var shaped = new ShapedModel(AnyShape, Few, shape => new HostShapeSession(bytes, shape));
        foreach (var (height, width) in new[] { (64, 96), (32, 96), (64, 32), (64, 96) })
        {
            for (var count = 1; count <= 9; count++)
            {
                var seed = (height * 1000) + width + count;
                Assert.Equal(
                    BoundModel.Run(shared, seed, count, height, width),
                    BoundModel.Run(shaped.Model, seed, count, height, width, capacity: count + (count % 3)));
            }
        }
    }

    [Fact]
    public void Open_FirstSize_IsReadyBeforeTheOthers()
    {
        using var others = new ManualResetEventSlim();
        using var shaped = new ShapedModel(OneShape, ShapedRunsOptions.Of([1, 4, 2], builders: 1), shape =>
        {
            Assert.True(shape.Size == 1 || others.Wait(TimeSpan.FromSeconds(30), Token));
            return new FakeShapeSession(shape, new FakeShapeSession.Behaviour());
        });

        // Five images, one a run, while the larger sizes are being made.
        shaped.Model.Prepare();
        BoundModel.Run(shaped.Model, 1, 5, 64, 96);
        Assert.Equal([1, 1, 1, 1, 1], shaped.Fakes[0].Runs);

        others.Set();
        shaped.Model.Settle(Token);
        BoundModel.Run(shaped.Model, 1, 5, 64, 96);

        Assert.Equal([4, 1], shaped.Fakes.SelectMany(session => session.Runs.Skip(session.Shape.Size == 1 ? 5 : 0)).OrderDescending());
        Assert.All(shaped.Model.Shapes, shape => Assert.True(shape.IsGraph));
    }

    [Fact]
    public void Settle_SizeThatNoRequestGainsBy_IsLetGo()
    {
        var slow = new FakeShapeSession.Behaviour { Seconds = size => size == 2 ? 100 : 1 + (size / 8.0) };
        using var shaped = new ShapedModel(
            OneShape, ShapedRunsOptions.Of([1, 2, 4], builders: 2), shape => new FakeShapeSession(shape, slow));

        shaped.Model.Prepare();
        shaped.Model.Settle(Token);

        Assert.Equal([1, 4], shaped.Model.Shapes.Select(shape => shape.RunSize));
        Assert.Equal([2], shaped.Fakes.Where(session => session.IsDisposed).Select(session => session.Shape.Size));
    }

    [Fact]
    public void Run_NewShape_IsMadeWhenSomebodyAsksAndToldWhenReady()
    {
        using var go = new ManualResetEventSlim();
        using var told = new ManualResetEventSlim();
        using var shaped = new ShapedModel(AnyShape, ShapedRunsOptions.Of([1, 4], builders: 1), shape =>
        {
            Assert.True(shape.Height != 32 || go.Wait(TimeSpan.FromSeconds(30), Token));
            return new FakeShapeSession(shape, new FakeShapeSession.Behaviour());
        });
        shaped.Model.ReadyChanged += told.Set;

        Assert.True(shaped.Model.IsReady(64, 96));
        Assert.False(shaped.Model.IsReady(32, 96));
        BoundModel.Run(shaped.Model, 1, 1, 64, 96);

        go.Set();
        Assert.True(told.Wait(TimeSpan.FromSeconds(30), Token));
        Assert.True(shaped.Model.IsReady(32, 96));
        BoundModel.Run(shaped.Model, 1, 1, 32, 96);

        // Larger runs come with the demand alone.
        shaped.Model.Settle(Token);
        Assert.DoesNotContain(shaped.Model.Shapes, shape => shape.RunSize > 1);
        BoundModel.Run(shaped.Model, 1, 16, 32, 96);
        shaped.Model.Settle(Token);
        Assert.Contains(shaped.Model.Shapes, shape => shape is { Height: 32, RunSize: 4 });
        Assert.DoesNotContain(shaped.Model.Shapes, shape => shape is { Height: 64, RunSize: 4 });
    }

    [Fact]
    public void Run_ShapeThatCannotBeMade_FailsForThoseWhoAskAndIsTriedAgain()
    {
        var isBroken = true;
        using var shaped = new ShapedModel(AnyShape, ShapedRunsOptions.Of([1], builders: 1), shape =>
            shape.Height == 32 && isBroken
                ? throw BoundModel.Fault("Failed to allocate memory for requested buffer of size 1")
                : new FakeShapeSession(shape, new FakeShapeSession.Behaviour()));

        var failure = Assert.ThrowsAny<Exception>(() => BoundModel.Run(shaped.Model, 1, 1, 32, 96));
        Assert.Contains("Failed to allocate", failure.Message, StringComparison.Ordinal);
        BoundModel.Run(shaped.Model, 1, 1, 64, 96);

        isBroken = false;
        BoundModel.Run(shaped.Model, 1, 1, 32, 96);
    }

    [Fact]
    public void Settle_SizeWithoutMemory_IsLeftOut()
    {
        using var shaped = new ShapedModel(OneShape, ShapedRunsOptions.Of([1, 4, 2], builders: 1), shape =>
            shape.Size == 4
                ? throw BoundModel.Fault("CUDA failure 2: out of memory")
                : new FakeShapeSession(shape, new FakeShapeSession.Behaviour()));

        shaped.Model.Prepare();
        shaped.Model.Settle(Token);
        BoundModel.Run(shaped.Model, 1, 4, 64, 96);

        Assert.Equal([1, 2], shaped.Model.Shapes.Select(shape => shape.RunSize));
        Assert.Equal("no runs of 4: CUDA failure 2: out of memory", shaped.Model.Shapes[0].Note);
        Assert.Null(shaped.Model.Shapes[1].Note);
    }

    [Fact]
    public void Settle_RefusedCapture_IsNamed()
    {
        using var refused = new ShapedModel(
            OneShape, Few, shape => new FakeShapeSession(shape, new FakeShapeSession.Behaviour { CaptureProblem = "not this graph" }));

        refused.Model.Prepare();
        refused.Model.Settle(Token);

        Assert.All(refused.Model.Shapes, shape => Assert.True(shape is { IsGraph: false, Note: "not this graph" }));
        BoundModel.Run(refused.Model, 1, 4, 64, 96);
    }

    [Fact]
    public void Settle_ProvisionalSessions_ServeUntilTheOthersAreThere()
    {
        using var go = new ManualResetEventSlim();
        var options = new ShapedRunsOptions(
            [new ShapeStep(1, IsProvisional: true), new ShapeStep(4, IsProvisional: true), new ShapeStep(1), new ShapeStep(4)], Builders: 1);
        var made = 0;
        using var shaped = new ShapedModel(OneShape, options, shape =>
        {
            Assert.True(Interlocked.Increment(ref made) <= 2 || go.Wait(TimeSpan.FromSeconds(30), Token));
            return new FakeShapeSession(shape, new FakeShapeSession.Behaviour());
        });

        shaped.Model.Prepare();
        Assert.True(SpinWait.SpinUntil(() => shaped.Model.Shapes.Count == 2, TimeSpan.FromSeconds(30)));
        Assert.All(shaped.Model.Shapes, shape => Assert.True(shape.IsProvisional));
        BoundModel.Run(shaped.Model, 1, 4, 64, 96);
        Assert.Equal([4], shaped.Fakes[1].Runs);

        go.Set();
        shaped.Model.Settle(Token);
        BoundModel.Run(shaped.Model, 1, 4, 64, 96);

        Assert.Equal([(1, false), (4, false)], shaped.Model.Shapes.Select(shape => (shape.RunSize, shape.IsProvisional)));
        Assert.Equal([true, true, false, false], shaped.Fakes.Select(session => session.IsDisposed));
        Assert.Equal([4], shaped.Fakes[3].Runs);
    }

    [Fact]
    public void Settle_SessionThatWasToReplaceAProvisionalOneFails_TheProvisionalOneStays()
    {
        var options = new ShapedRunsOptions([new ShapeStep(1, IsProvisional: true), new ShapeStep(1)], Builders: 1);
        var made = 0;
        using var shaped = new ShapedModel(OneShape, options, shape => Interlocked.Increment(ref made) == 2
            ? throw BoundModel.Fault("CUDA failure 2: out of memory")
            : new FakeShapeSession(shape, new FakeShapeSession.Behaviour()));

        shaped.Model.Prepare();
        shaped.Model.Settle(Token);

        Assert.Equal("stays provisional: CUDA failure 2: out of memory", Assert.Single(shaped.Model.Shapes).Note);
        BoundModel.Run(shaped.Model, 1, 1, 64, 96);
    }

    [Fact]
    public void For_Float16_BeginsWithProvisionalSessions()
    {
        var half = ShapedRunsOptions.For(keepsRatio: true, isBatchFixed: false, isHalf: true).Steps;
        var full = ShapedRunsOptions.For(keepsRatio: true, isBatchFixed: false, isHalf: false).Steps;

        Assert.Equal(
            [(1, true), (8, true), (32, true), (1, false), (8, false), (32, false)],
            half.Select(step => (step.Size, step.IsProvisional)));
        Assert.Equal([1, 8, 32], full.Select(step => step.Size));
        Assert.All(full, step => Assert.False(step.IsProvisional));
        Assert.Equal(0, half[0].After);
        Assert.All(half.Skip(1), step => Assert.True(step.After > 0));
    }

    [Fact]
    public void Dispose_WhileSizesAreMade_FreesEverySession()
    {
        var shaped = new ShapedModel(OneShape, ShapedRunsOptions.Of([1, 4, 2], builders: 2));
        shaped.Model.Prepare();

        shaped.Dispose();

        Assert.True(shaped.Model.IsGone);
        Assert.All(shaped.Fakes, session => Assert.True(session.IsDisposed));
    }

    [Fact]
    public void Choose_ModelOfFixedShapes_NeedsNoMeasurement()
    {
        using var shaped = new ShapedModel(OneShape, Few);

        var plan = BatchingPlan.Choose(shaped.Model, new BatchingOptions { Lanes = 2 }, 64, TimeProvider.System, Token);

        Assert.Equal(new BatchingPlan(2, 64, "runs of fixed sizes on CPU"), plan);
    }
}
