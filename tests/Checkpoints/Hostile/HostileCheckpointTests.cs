using System.IO.Compression;
using System.Text;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Hostile;

/// <summary>
/// Every kind of hostile checkpoint through inspector and exporter: refused by its code, within bounds of memory. What each kind's message
/// says is asserted beside the readers.
/// </summary>
public class HostileCheckpointTests
{
    private const long MaxAllocated = 200L << 20;

    /// <summary>No bound of speed: it ends a reader that would not end.</summary>
    private static readonly TimeSpan HangGuard = TimeSpan.FromMinutes(1);

    private static readonly byte[] Evil = new PickleBuilder().Global("posix", "system").Op("(").Text("true").Op("tR.").ToArray();

    public static TheoryData<string, string> Kinds => new()
    {
        { "zip bomb of one record", CheckpointErrorCode.TooLarge },
        { "zip bomb of many records", CheckpointErrorCode.TooLarge },
        { "zip bomb in the pickle", CheckpointErrorCode.TooLarge },
        { "path traversal", CheckpointErrorCode.Malformed },
        { "absolute path", CheckpointErrorCode.Malformed },
        { "huge declared shape", CheckpointErrorCode.TooLarge },
        { "huge declared side", CheckpointErrorCode.Malformed },
        { "negative stride", CheckpointErrorCode.Malformed },
        { "huge stride", CheckpointErrorCode.Malformed },
        { "negative offset", CheckpointErrorCode.Malformed },
        { "tensor past the end of its storage", CheckpointErrorCode.Malformed },
        { "storage past the end of its record", CheckpointErrorCode.Malformed },
        { "deep nesting by marks", CheckpointErrorCode.Malformed },
        { "deep nesting by tuples", CheckpointErrorCode.NoStateDict },
        { "deep nesting by lists", CheckpointErrorCode.NoStateDict },
        { "cyclic memo", CheckpointErrorCode.NoStateDict },
        { "cyclic state dict", CheckpointErrorCode.NoStateDict },
        { "memo that was never put", CheckpointErrorCode.Malformed },
        { "unknown opcode", CheckpointErrorCode.UnsafePickle },
        { "REDUCE of an arbitrary global", CheckpointErrorCode.UnsafePickle },
        { "REDUCE in a legacy file", CheckpointErrorCode.UnsafePickle },
        { "wrong byteorder", CheckpointErrorCode.UnsupportedForm },
        { "duplicate keys", CheckpointErrorCode.Malformed },
        { "duplicate records", CheckpointErrorCode.Malformed },
        { "million opcodes", CheckpointErrorCode.TooLarge },
        { "safetensors header beyond the file", CheckpointErrorCode.Truncated },
        { "safetensors of a huge shape", CheckpointErrorCode.TooLarge },
        { "safetensors nested deeply", CheckpointErrorCode.Malformed },
    };

    public static TheoryData<string, int> Cuts
    {
        get
        {
            var cuts = new TheoryData<string, int>();
            foreach (var form in (string[])["zip", "legacy", "safetensors"])
            {
                for (var sixteenths = 0; sixteenths < 16; sixteenths++)
                {
                    cuts.Add(form, sixteenths);
                }
            }

            return cuts;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Export_HostileFile_IsRefusedWithinBounds(string kind, string code)
    {
        var file = Make(kind);
        return GuardAsync(() =>
        {
            Refusal.ExpectWithin(MaxAllocated, code, () => CheckpointInspector.Inspect(file, TinyCheckpoints.Config));
            Refusal.ExpectWithin(MaxAllocated, code, () => ModelExporter.Export(file, TinyCheckpoints.Config, "hostile"));
        });
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public Task Export_TruncatedFile_IsRefusedWithinBounds(string form, int sixteenths)
    {
        var whole = Whole(form);
        var file = whole[..(whole.Length * sixteenths / 16)];
        return GuardAsync(() =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var refusal = Assert.Throws<CheckpointException>(() => ModelExporter.Export(file, TinyCheckpoints.Config, "cut"));
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
            Assert.Contains(
                refusal.Code,
                (string[])[CheckpointErrorCode.Truncated, CheckpointErrorCode.NotACheckpoint, CheckpointErrorCode.Malformed]);
        });
    }

    [Theory]
    [InlineData("zip")]
    [InlineData("legacy")]
    [InlineData("safetensors")]
    public void Export_WholeFile_IsExported(string form) =>
        Assert.NotEmpty(ModelExporter.Export(Whole(form), TinyCheckpoints.Config, "whole").Onnx);

    private static byte[] Whole(string form) => form switch
    {
        "zip" => TinyCheckpoints.Zip,
        "legacy" => TinyCheckpoints.Legacy,
        _ => TinyCheckpoints.Safetensors,
    };

    private static Task GuardAsync(Action action) =>
        Task.Run(action, TestContext.Current.CancellationToken).WaitAsync(HangGuard, TimeProvider.System, TestContext.Current.CancellationToken);

    private static byte[] Make(string kind) => kind switch
    {
        "zip bomb of one record" => Bomb(("archive/data/0", new byte[256 << 20])),
        "zip bomb of many records" => Bomb(Enumerable.Range(0, 64).Select(i => ($"archive/data/{i}", new byte[4 << 20]))),
        "zip bomb in the pickle" => ArchiveBuilder.Zip(CompressionLevel.SmallestSize, ("archive/data.pkl", new byte[128 << 20])),
        "path traversal" => ArchiveBuilder.Zip(("archive/data.pkl", Sound), ("archive/../../etc/passwd", [1])),
        "absolute path" => ArchiveBuilder.Zip(("archive/data.pkl", Sound), ("/etc/passwd", [1])),
        "huge declared shape" => Tensor(1, 0, [1 << 20, 1 << 20], [0, 0]),
        "huge declared side" => Tensor(1, 0, [1L << 40], [1]),
        "negative stride" => Tensor(1, 0, [1], [-1]),
        "huge stride" => Tensor(1, 0, [2], [long.MaxValue]),
        "negative offset" => Tensor(1, -1, [1], [1]),
        "tensor past the end of its storage" => Tensor(1, 0, [2], [1]),
        "storage past the end of its record" => Tensor(1 << 20, 0, [1], [1]),
        "deep nesting by marks" => Pickle(new string('(', 100_000) + "."),
        "deep nesting by tuples" => Pickle(")" + new string('\u0085', 500_000) + "."),
        "deep nesting by lists" => Pickle(new string(']', 300_000) + new string('a', 299_999) + "."),
        "cyclic memo" => Pickle("]q\0h\0a."),
        "cyclic state dict" => ArchiveBuilder.Torch(new PickleBuilder().Op("}q\0").Text("state_dict").Op("h\0s.").ToArray()),
        "memo that was never put" => Pickle("h\u0007."),
        "unknown opcode" => Pickle("\u00ff."),
        "REDUCE of an arbitrary global" => ArchiveBuilder.Torch(Evil),
        "REDUCE in a legacy file" => [.. TinyCheckpoints.Legacy[..15], .. Evil],
        "wrong byteorder" => ArchiveBuilder.Zip(("archive/data.pkl", Sound), ("archive/byteorder", "big"u8.ToArray())),
        "duplicate keys" => ArchiveBuilder.Torch(PickleBuilder.StateDict(pickle => pickle.Text("backbone.x").Op("N").Text("backbone.x").Op("N"))),
        "duplicate records" => ArchiveBuilder.Zip(("archive/data.pkl", Sound), ("archive/data.pkl", Sound)),
        "million opcodes" => Pickle(new string('N', 1_000_001) + "."),
        "safetensors header beyond the file" => [0, 0, 1, 0, 0, 0, 0, 0, .. "{}"u8],
        "safetensors of a huge shape" => Safetensors("""{"backbone.a":{"dtype":"F32","shape":[65536,65536],"data_offsets":[0,0]}}"""),
        "safetensors nested deeply" => Safetensors(string.Concat(Enumerable.Repeat("{\"a\":", 100_000))),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind"),
    };

    private static byte[] Sound { get; } = PickleBuilder.StateDict(_ => { });

    private static byte[] Bomb(params IEnumerable<(string Name, byte[] Content)> records) =>
        ArchiveBuilder.Zip(CompressionLevel.SmallestSize, [("archive/data.pkl", Sound), .. records]);

    private static byte[] Tensor(long elements, long offset, long[] shape, long[] strides) => ArchiveBuilder.Torch(
        PickleBuilder.StateDict(pickle => pickle.Text("backbone.x").Tensor("FloatStorage", "0", elements, offset, shape, strides)), Little.Endian(1f));

    private static byte[] Pickle(string opcodes) => ArchiveBuilder.Torch(new PickleBuilder().Op(opcodes).ToArray());

    private static byte[] Safetensors(string header)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json];
    }
}
