using Microsoft.ML.OnnxRuntime;
using Nanodet.Detection.Inference;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Detection.Tests.Inference;

public sealed class HostBlocksTests : IDisposable
{
    [Fact]
    public void AsOrtValue_BlockOfAnyMemory_IsDeclaredAsTheCpus()
    {
        // ONNX Runtime does not write into an output that is declared page-locked: every run on a GPU would throw.
        var onnx = new OnnxTestModel().Build();
        using var session = SessionFactory.CreatePlain(onnx);
        using var memory = HostMemory.Pageable(session);
        using var block = memory.Allocate(64);
        using var value = block.AsOrtValue([1, 4]);
        using var kind = value.GetTensorMemoryInfo();

        Assert.Equal(OrtMemoryInfo.DefaultInstance.Name, kind.Name);
    }

    private const int MiB = 1 << 20;

    private readonly InferenceSession _session = SessionFactory.CreatePlain(new OnnxTestModel().Build());
    private readonly HostMemory _memory;
    private readonly HostBlocks _blocks;
    private int _allocated;

    public HostBlocksTests()
    {
        _memory = HostMemory.Pageable(_session);
        _blocks = new HostBlocks(
            bytes =>
            {
                _allocated++;
                return _memory.Allocate(bytes);
            },
            mostIdleBytes: 512 * MiB);
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _memory.Dispose();
        _session.Dispose();
    }

    [Fact]
    public void Rent_ReturnedBlocks_GivesTheSmallestThatFits()
    {
        var (small, large) = (_blocks.Rent(MiB), _blocks.Rent(3 * MiB));
        _blocks.Return(large);
        _blocks.Return(small);

        Assert.Same(small, _blocks.Rent(MiB / 2));
        Assert.Same(large, _blocks.Rent(MiB / 2));
        Assert.Equal((2, 4L * MiB), (_blocks.Count, _blocks.Bytes));
        _blocks.Return(small);
        _blocks.Return(large);
    }

    [Fact]
    public void Rent_IdleBlocksAreTooSmall_ReplacesOneOfThem()
    {
        var (first, second) = (_blocks.Rent(MiB), _blocks.Rent(2 * MiB));
        _blocks.Return(first);
        _blocks.Return(second);

        var larger = _blocks.Rent(5 * MiB);

        Assert.Equal((2, 6L * MiB), (_blocks.Count, _blocks.Bytes));
        Assert.Throws<ObjectDisposedException>(() => second.Floats(0, 1).Length);
        Assert.Same(first, _blocks.Rent(1));
        _blocks.Return(first);
        _blocks.Return(larger);
    }

    [Fact]
    public void Return_AsManyAsWereOutTogether_LieIdleAndAreUsedAgain()
    {
        for (var round = 0; round < 3; round++)
        {
            var blocks = Enumerable.Range(1, 9).Select(_ => _blocks.Rent(MiB)).ToArray();
            Array.ForEach(blocks, _blocks.Return);
        }

        Assert.Equal((9, 9), (_blocks.Count, _allocated));
    }

    [Fact]
    public void Return_MoreBytesThanMayLieIdle_KeepsOneAtLeast()
    {
        // Nobody touches them, so the system has nothing to give.
        var blocks = new[] { _blocks.Rent(128 * MiB), _blocks.Rent(640 * MiB), _blocks.Rent(256 * MiB) };
        _blocks.Return(blocks[1]);
        Assert.Equal(3, _blocks.Count);

        _blocks.Return(blocks[0]);
        _blocks.Return(blocks[2]);

        Assert.Equal((1, 640L * MiB), (_blocks.Count, _blocks.Bytes));
    }

    [Fact]
    public void Rent_RandomSizes_StaysWithinItsBound()
    {
        const int MostOut = 6;
        const int Largest = 4 * MiB;
        var random = new Random(11);
        var taken = new List<HostBlock>();
        for (var i = 0; i < 20_000; i++)
        {
            if (taken.Count == MostOut || (taken.Count > 0 && random.Next(2) == 0))
            {
                var index = random.Next(taken.Count);
                _blocks.Return(taken[index]);
                taken.RemoveAt(index);
            }
            else
            {
                var bytes = random.Next(1, Largest + 1);
                var block = _blocks.Rent(bytes);
                Assert.True(block.Bytes >= bytes && !taken.Contains(block));
                taken.Add(block);
            }

            Assert.InRange(_blocks.Count, taken.Count, taken.Count + MostOut);
            Assert.InRange(_blocks.Bytes, 0, (long)(MostOut + MostOut) * Largest);
        }

        Assert.InRange(_allocated, MostOut, 2_000);
        taken.ForEach(_blocks.Return);
    }

    [Fact]
    public void Rent_NoMemory_LosesNothing()
    {
        _blocks.Return(_blocks.Rent(MiB));

        Assert.Throws<InsufficientMemoryException>(() => _blocks.Rent(1L << 40));

        Assert.Equal((0, 0L), (_blocks.Count, _blocks.Bytes));
        _blocks.Return(_blocks.Rent(MiB));
        Assert.Equal(1, _blocks.Count);
    }

    [Fact]
    public void Floats_OutsideOfTheBlock_AreRefused()
    {
        var block = _blocks.Rent(4096);
        Assert.Equal(1024, block.Floats(0, 1024).Length);
        block.Floats(1023, 1)[0] = 7;
        Assert.Equal(7, block.Floats(1000, 24)[23]);

        Assert.Throws<ArgumentOutOfRangeException>(() => block.Floats(0, 1025).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Floats(1024, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Floats(-1, 1).Length);
        Assert.Throws<OnnxRuntimeException>(() => block.AsOrtValue([1, 1025]));
        _blocks.Return(block);
    }

    [Fact]
    public void Allocate_BlockThatNobodyFrees_OutlivesItsAllocator()
    {
        Lose();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(1, _allocated);

        // In a method of its own, so that nothing here refers to what it lost.
        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Lose()
        {
            using var memory = HostMemory.Pageable(_session);
            memory.Allocate(MiB).Floats(0, 1)[0] = ++_allocated;
        }
    }

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(4097, 8192)]
    [InlineData(MiB, MiB)]
    [InlineData(MiB + 1, MiB + (MiB / 4))]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(uint.MaxValue + 1L, uint.MaxValue + 1L)]
    public void RoundUp_Bytes_IsAtMostAQuarterMore(long bytes, long expected) => Assert.Equal(expected, HostBlocks.RoundUp(bytes));

    [Fact]
    public void Pinned_SessionWithoutAGpu_FallsBackAndSaysSo()
    {
        using var memory = HostMemory.Pinned(_session, deviceId: 1);

        Assert.False(memory.IsPinned);
        Assert.StartsWith("expected an allocator of page-locked memory", memory.Note, StringComparison.Ordinal);
        using var block = memory.Allocate(64);
        block.Floats(0, 16).Fill(1);
    }
}
