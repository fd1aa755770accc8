using Nanodet.Checkpoints;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Pickles that would do something when Python loads them.</summary>
public sealed class UnsafePickleTests : IDisposable
{
    private readonly string _target = Path.Combine(Path.GetTempPath(), $"nanodet-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_target);

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("nt", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "exec")]
    [InlineData("__builtin__", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("builtins", "bytearray")]
    [InlineData("importlib", "import_module")]
    [InlineData("torch", "load")]
    [InlineData("torch", "FloatStorage.from_file")]
    [InlineData("torch.serialization", "load")]
    [InlineData("torch._utils", "_rebuild_tensor_v2.__globals__")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    [InlineData("collections", "ordereddict")]
    [InlineData("collections ", "OrderedDict")]
    [InlineData("System.Diagnostics", "Process")]
    public void Export_ForeignGlobal_IsRefusedAndNothingRuns(string module, string name)
    {
        var command = $"touch '{_target}'";
        byte[][] pickles =
        [
            // GLOBAL, called by REDUCE; then STACK_GLOBAL with short and long texts; then by way of the memo; then NEWOBJ.
            new PickleBuilder().Global(module, name).Op("(").Text(command).Op("tR.").ToArray(),
            new PickleBuilder(4).Short(module).Short(name).Raw(0x93).Op("(").Short(command).Op("tR.").ToArray(),
            new PickleBuilder(4).Text(module).Text(name).Raw(0x93).Op("(").Text(command).Op("tR.").ToArray(),
            new PickleBuilder(4).Text(module).Raw(0x94).Text(name).Raw(0x94).Op("00").Op("h\0h\u0001").Raw(0x93).Op("(").Text(command).Op("tR.").ToArray(),
            new PickleBuilder().Global(module, name).Op("(").Text(command).Op("t").Raw(0x81).Op(".").ToArray(),

            // Deep inside an otherwise sound state dict.
            PickleBuilder.StateDict(pickle => pickle.Text("backbone.x").Global(module, name).Op("(").Text(command).Op("tR")),
        ];

        Assert.All(pickles, pickle => PickleRefusal.Expect(CheckpointErrorCode.UnsafePickle, pickle, $"'{module}.{name}'", "nothing was called"));

        Assert.False(File.Exists(_target));
    }

    [Fact]
    public void Export_StackGlobalOfComputedName_IsRefused()
    {
        byte[][] pickles =
        [
            new PickleBuilder(4).Op(")").Text("system").Raw(0x93).Op(".").ToArray(),
            new PickleBuilder(4).Text("os").Op("N").Raw(0x93).Op(".").ToArray(),
            new PickleBuilder(4).Text("collections").Text("OrderedDict").Op("N").Raw(0x93).Op(".").ToArray(),
            new PickleBuilder(4).Raw(0x93).Op(".").ToArray(),
        ];

        Assert.All(pickles, pickle => PickleRefusal.Expect(CheckpointErrorCode.UnsafePickle, pickle, "computes the name of a global", "nothing was called"));
    }

    [Theory]
    [InlineData("i", "0x69")] // INST
    [InlineData("o", "0x6f")] // OBJ
    [InlineData("P", "0x50")] // PERSID
    [InlineData("S", "0x53")] // STRING
    [InlineData("V", "0x56")] // UNICODE
    [InlineData("I", "0x49")] // INT
    [InlineData("g", "0x67")] // GET
    [InlineData("p", "0x70")] // PUT
    [InlineData("2", "0x32")] // DUP
    [InlineData("\u0082", "0x82")] // EXT1
    [InlineData("\u0083", "0x83")] // EXT2
    [InlineData("\u0084", "0x84")] // EXT4
    [InlineData("\u0097", "0x97")] // NEXT_BUFFER
    [InlineData("\u0098", "0x98")] // READONLY_BUFFER
    [InlineData("\0", "0x00")]
    [InlineData("\u00ff", "0xff")]
    public void Export_OpcodeThatNoTensorNeeds_IsRefused(string opcode, string word)
    {
        var pickle = new PickleBuilder().Op("(").Op(opcode).Op($"os\nsystem\ntouch '{_target}'\n.").ToArray();

        PickleRefusal.Expect(CheckpointErrorCode.UnsafePickle, pickle, $"opcode {word} at byte 3", "was not run");

        Assert.False(File.Exists(_target));
    }

    [Fact]
    public void Export_StorageClassCalled_IsRefused() => PickleRefusal.Expect(
        CheckpointErrorCode.Malformed,
        new PickleBuilder().Global("torch", "FloatStorage").Op("(").Integer(1 << 30).Op("tR.").ToArray(),
        "a storage class was called");

    [Fact]
    public void Export_DictOfOldProtocol_IsRefused() =>
        PickleRefusal.Expect(CheckpointErrorCode.UnsafePickle, new PickleBuilder().Op("(d.").ToArray(), "opcode 0x64 at byte 3");
}
