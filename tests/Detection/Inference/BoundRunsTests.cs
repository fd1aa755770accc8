using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Description;
using Nanodet.Detection.Inference;
using Nanodet.Detection.Natives;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class BoundRunsTests
{
    private static readonly OnnxTestModel AnyShape = new() { KeepRatio = true };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_BatchesAndShapes_GivesTheBitsOfSharedRuns(bool copiesAhead)
    {
        using var shared = BoundModel.Shared(AnyShape);
        using var bound = new BoundModel(AnyShape, copiesAhead);
        foreach (var (height, width) in new[] { (64, 96), (32, 96), (64, 32), (96, 64), (32, 32) })
        {
            for (var count = 1; count <= 5; count++)
            {
                var seed = (height * 1000) + width + count;
                Assert.Equal(
                    BoundModel.Run(shared, seed, count, height, width),
                    BoundModel.Run(bound.Model, seed, count, height, width, capacity: count + (count % 3)));
            }
        }

        Assert.Equal(2, bound.Runs.Blocks.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_GraphOfOneImage_GivesTheBitsOfSharedRuns(bool copiesAhead)
    {
        var onnx = new OnnxTestModel { FixedBatch = 1 };
        using var shared = BoundModel.Shared(onnx);
        using var bound = new BoundModel(onnx, copiesAhead);

        Assert.True(bound.Model.IsBatchFixed);
        Assert.Equal(BoundModel.Run(shared, 5, 1, 64, 96), BoundModel.Run(bound.Model, 5, 1, 64, 96));
    }

    [Fact]
    public void Mode_Model_SaysHowRunsAreMade()
    {
        using var shared = BoundModel.Shared(AnyShape);
        using var ahead = new BoundModel(AnyShape, copiesAhead: true);
        using var inTheRun = new BoundModel(AnyShape, copiesAhead: false);

        Assert.Equal(new RunMode("overlapping", "pageable", "none"), shared.Runs);
        Assert.Equal(new RunMode("one at a time", "pageable", "ahead"), ahead.Model.Runs);
        Assert.Equal(new RunMode("one at a time", "pageable", "in the run"), inTheRun.Model.Runs);
        Assert.Equal("overlapping, pageable memory", shared.Runs.ToString());
        Assert.Equal("one at a time, pinned memory, input copied ahead", new RunMode("one at a time", "pinned", "ahead").ToString());
    }

    [Fact]
    public void Open_OutputOfAnotherShape_ViolatesTheContract()
    {
        var onnx = AnyShape with { Metadata = new Dictionary<string, string?> { ["nanodet.strides"] = "[8,16,32]" } };

        var exception = Assert.Throws<ModelLoadException>(() => new BoundModel(onnx, copiesAhead: true));

        Assert.Equal(ModelErrorCodes.ContractViolated, exception.Code);
        Assert.Contains("expected [1, 126, 35], found [1, 128, 35]", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_ManyCallers_OneRunIsUnderWayAtATime(bool copiesAhead)
    {
        var (inside, most, runs) = (0, 0, 0);
        using var bound = new BoundModel(AnyShape, copiesAhead, run =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            run();
            runs++;
            Interlocked.Decrement(ref inside);
        });
        var expected = BoundModel.Run(bound.Model, 1, 2, 64, 96);

        InThreads(12, _ =>
        {
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(expected, BoundModel.Run(bound.Model, 1, 2, 64, 96));
            }
        });

        Assert.Equal((1, 241), (most, runs));
    }

    [Fact]
    public async Task Run_SeveralWait_RunInTheOrderInWhichTheyCame()
    {
        var order = new ConcurrentQueue<string?>();
        using var release = new ManualResetEventSlim();
        using var bound = new BoundModel(AnyShape, copiesAhead: true, run =>
        {
            release.Wait(Token);
            order.Enqueue(Thread.CurrentThread.Name);
            run();
        });
        var threads = new List<Thread>();
        for (var i = 0; i < 8; i++)
        {
            var thread = new Thread(() => BoundModel.Run(bound.Model, 1, 1, 64, 96)) { Name = $"{i}" };
            threads.Add(thread);
            thread.Start();

            // The first one is in, the others wait.
            var waiting = i;
            await Poll.UntilAsync(
                () => bound.Runs.Waiting == waiting && (waiting > 0 || bound.Runs.Blocks.Count == 2), $"{i} has come", Token);
        }

        release.Set();
        threads.ForEach(thread => thread.Join());

        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"{i}"), order);
    }

    [Fact]
    public void Run_WhileAnOutputIsInUse_LeavesItAsItIs()
    {
        using var bound = new BoundModel(AnyShape, copiesAhead: true);
        var expected = BoundModel.Run(bound.Model, 1, 2, 64, 96);
        using var tensor = bound.Model.Rent(2, 64, 96);
        BoundModel.Fill(tensor, BoundModel.Values(1, 2, 64, 96));
        using var output = bound.Model.Run(tensor, 2);

        for (var seed = 2; seed < 10; seed++)
        {
            Assert.NotEqual(expected, BoundModel.Run(bound.Model, seed, 2, 64, 96));
            Assert.Equal(expected, output.All.ToArray());
        }

        Assert.Equal(4, bound.Runs.Blocks.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_FailsInside_LeavesTheNextOneAlone(bool copiesAhead)
    {
        var runs = 0;
        using var bound = new BoundModel(AnyShape, copiesAhead, run =>
        {
            if (++runs % 3 == 0)
            {
                throw BoundModel.Fault("CUDA failure 700: an illegal memory access was encountered");
            }

            run();
        });
        var expected = BoundModel.Run(bound.Model, 1, 2, 64, 96);
        var (failed, passed) = (0, 0);

        InThreads(6, _ =>
        {
            for (var i = 0; i < 30; i++)
            {
                try
                {
                    Assert.Equal(expected, BoundModel.Run(bound.Model, 1, 2, 64, 96));
                    Interlocked.Increment(ref passed);
                }
                catch (OnnxRuntimeException exception) when (SessionFault.IsLost(exception))
                {
                    Interlocked.Increment(ref failed);
                }
            }
        });

        Assert.Equal((60, 120), (failed, passed));
        Assert.InRange(bound.Runs.Blocks.Count, 2, 2 * 6);
        bound.Dispose();
        Assert.True(bound.Model.IsGone);
        Assert.Equal((0, 0L), bound.Runs.Blocks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_GraphRefusesTheShape_LeavesTheNextOneAlone(bool copiesAhead)
    {
        using var bound = new BoundModel(new OnnxTestModel(), copiesAhead);
        var expected = BoundModel.Run(bound.Model, 1, 2, 64, 96);

        Assert.Throws<OnnxRuntimeException>(() => BoundModel.Run(bound.Model, 1, 2, 32, 96));

        Assert.Equal(expected, BoundModel.Run(bound.Model, 1, 2, 64, 96));
        Assert.Equal(2, bound.Runs.Blocks.Count);
    }

    [Fact]
    public void Rent_MoreThanThereCanBe_IsOutOfMemory()
    {
        using var bound = new BoundModel(AnyShape, copiesAhead: true);

        var exception = Assert.Throws<InsufficientMemoryException>(() => bound.Model.Rent(256, 8192, 8192));

        Assert.True(SessionFault.IsOutOfMemory(exception));
        Assert.False(SessionFault.IsLost(exception));
        bound.Dispose();
        Assert.True(bound.Model.IsGone);
    }

    [Fact]
    public void Image_OutsideOfTheTensor_IsRefused()
    {
        using var bound = new BoundModel(AnyShape, copiesAhead: true);
        var tensor = bound.Model.Rent(3, 32, 32);

        Assert.Equal(3 * 32 * 32, tensor.Image(2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Image(3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Image(-1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.AsOrtValue(4));
        tensor.Dispose();
        tensor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => tensor.Image(0).Length);
    }

    [Fact]
    public async Task Dispose_WhileARunIsUnderWay_LetsItEnd()
    {
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        var isFirst = true;
        var bound = new BoundModel(AnyShape, copiesAhead: true, run =>
        {
            if (!isFirst)
            {
                entered.Set();
                release.Wait(Token);
            }

            isFirst = false;
            run();
        });
        var expected = BoundModel.Run(bound.Model, 1, 2, 64, 96);
        var tensor = bound.Model.Rent(2, 64, 96);
        BoundModel.Fill(tensor, BoundModel.Values(1, 2, 64, 96));
        var running = Task.Run(() => bound.Model.Run(tensor, 2), Token);
        entered.Wait(Token);

        bound.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bound.Model.Rent(1, 64, 96));
        Assert.False(bound.Model.IsGone);
        release.Set();

        var output = await running;
        Assert.Equal(expected, output.All.ToArray());
        output.Dispose();
        output.Dispose();
        Assert.False(bound.Model.IsGone);
        Assert.Equal(2, bound.Runs.Blocks.Count);
        tensor.Dispose();
        Assert.True(bound.Model.IsGone);
        Assert.Equal((0, 0L), bound.Runs.Blocks);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_RandomCallersAndShapes_GivesEachItsOwnOutput(bool copiesAhead)
    {
        const int Callers = 6;
        using var shared = BoundModel.Shared(AnyShape);
        using var bound = new BoundModel(AnyShape, copiesAhead);
        var mostBlocks = 0;

        InThreads(Callers, caller =>
        {
            var random = new Random(caller);
            for (var i = 0; i < 60; i++)
            {
                var (count, height, width) = (random.Next(1, 5), 32 * random.Next(1, 5), 32 * random.Next(1, 5));
                var seed = random.Next();
                Assert.Equal(
                    BoundModel.Run(shared, seed, count, height, width), BoundModel.Run(bound.Model, seed, count, height, width));
                mostBlocks = Math.Max(mostBlocks, bound.Runs.Blocks.Count);
            }
        });

        Assert.InRange(mostBlocks, 2, 2 * Callers);
        Assert.InRange(bound.Runs.Blocks.Count, 2, 2 * Callers);
    }

    private static void InThreads(int count, Action<int> action)
    {
        Exception? failure = null;
        var threads = Enumerable.Range(0, count).Select(number => new Thread(() =>
        {
            try
            {
                action(number);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Null(failure);
    }
}
