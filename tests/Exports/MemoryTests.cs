using Nanodet.Detection.Evaluation;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>Memory does not grow with the number of results. It is the process's, so nothing else runs meanwhile.</summary>
[CollectionDefinition(DisableParallelization = true)]
[Collection(typeof(MemoryTests))]
public sealed class MemoryTests
{
    public static TheoryData<ExportFormat> Formats => [.. Enum.GetValues<ExportFormat>()];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Memory_OfManyResults_IsThatOfFew(ExportFormat format)
    {
        // What the writer keeps after 20,000 results more is what it kept before, but for the rows of a group and the runtime's own growth.
        await using var writer = ExportWriters.Create(format, new NullTarget());
        var few = await HeldAfterAsync(writer, 2_000);
        var many = await HeldAfterAsync(writer, 20_000);
        var summary = await writer.CompleteAsync(TestContext.Current.CancellationToken);

        Assert.Equal(22_000, summary.Images + summary.LeftOut.Values.Sum());
        Assert.InRange(many - few, long.MinValue, format == ExportFormat.Parquet ? 64 << 20 : 4 << 20);
    }

    [Fact]
    public async Task Memory_OfManyResultsOfADataset_IsThatOfFew()
    {
        // Whose id an ending is, is known when every result was seen; they wait on disk.
        var dataset = new CocoDataset(
            [.. Enumerable.Range(0, 20_000).Select(i => new CocoImage(i, $"{i}.jpg", []))], [new CocoCategory(1, "class 3")]);
        await using var writer = ExportWriters.Create(ExportFormat.Coco, new NullTarget(), new ExportOptions { Dataset = dataset });
        var few = await HeldAfterAsync(writer, 2_000);
        var many = await HeldAfterAsync(writer, 20_000);
        var summary = await writer.CompleteAsync(TestContext.Current.CancellationToken);

        Assert.Equal(22_000, summary.Images + summary.LeftOut.Where(pair => pair.Key != LeftOutReason.ClassNotInDataset).Sum(pair => pair.Value));
        Assert.Equal(18_000 * 49 / 50, summary.Images);
        Assert.InRange(many - few, long.MinValue, 4 << 20);
    }

    private static async Task<long> HeldAfterAsync(ExportWriter writer, int count)
    {
        await foreach (var result in Results.Many(count))
        {
            await writer.AddAsync(result, TestContext.Current.CancellationToken);
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private sealed class NullTarget : IExportTarget
    {
        public Task<Stream> CreateAsync(string name, CancellationToken cancellationToken) => Task.FromResult(Stream.Null);

        public ValueTask<LeftOutReason?> TryAddAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            default;

        public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
