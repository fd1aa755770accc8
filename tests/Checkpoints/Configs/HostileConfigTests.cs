using System.Text;
using Nanodet.Checkpoints;
using Nanodet.Checkpoints.Export;
using Nanodet.Configs;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Configs;

/// <summary>Configs that are none, and configs made to exhaust a reader.</summary>
public class HostileConfigTests
{
    [Fact]
    public void Read_NotUtf8_IsRefused()
    {
        var latin1 = Encoding.Latin1.GetBytes(TinyModel.Yaml.Replace("bird", "Vögel", StringComparison.Ordinal));

        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(latin1), "no UTF-8 text");
        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.Unicode.GetPreamble()), "no UTF-8 text");
    }

    [Theory]
    [InlineData("", "a YAML mapping with the key 'model' was expected")]
    [InlineData("just a text", "a YAML mapping with the key 'model' was expected")]
    [InlineData("[1, 2]", "a YAML mapping with the key 'model' was expected")]
    [InlineData("a: 1", "'model' is missing")]
    [InlineData("model: 1", "model (line 1): a mapping was expected, '1' was found")]
    [InlineData("model: ~", "'model' is missing")]
    [InlineData("model: {arch: {name: NanoDetPlus}}", "'model.arch.head' is missing")]
    [InlineData("model: {arch:\n {name: [NanoDetPlus]}}", "model.arch.name (line 2): a text was expected, a list of 1 was found")]
    [InlineData("model: {\nmodel", "no valid YAML, line 1: what is there does not end")]
    [InlineData("a: *nowhere", "no valid YAML, line 1")]
    [InlineData("model: 1\nmodel: 2", "no valid YAML, line 2")]
    [InlineData("a:\n\t- b", "no valid YAML, line 1")]
    [InlineData("<html><body>404: not found</body></html>", "'model' is missing")]
    [InlineData("? [a, b]\n: c", "at line 1 is no text")]
    [InlineData("? {a: b}\n: c", "at line 1 is no text")]
    [InlineData("a: &x [1]\n? *x\n: c", "at line 2 is no text")]
    [InlineData("a: &x {b: 1}\nc:\n  <<: *x", "merge key << at line 3")]
    public void Read_NoConfig_IsRefused(string yaml, string message) =>
        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), message);

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Read_DeepNesting_IsRefused(string open, string close)
    {
        const int Depth = 100_000;
        var yaml = "a: " + string.Concat(Enumerable.Repeat(open, Depth)) + string.Concat(Enumerable.Repeat(close, Depth));

        Refusal.ExpectWithin(32 << 20, CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), "nests deeper than 32 levels at line 1");
    }

    [Fact]
    public void Read_DeepNestingByIndentation_IsRefused()
    {
        var yaml = string.Join('\n', Enumerable.Range(0, 100).Select(depth => new string(' ', depth) + "a:"));

        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), "nests deeper than 32 levels at line 33");
    }

    [Fact]
    public void Read_AliasBomb_IsRefused()
    {
        var yaml = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 12; level++)
        {
            yaml.Append($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 9))}]\n");
        }

        Refusal.ExpectWithin(
            4 << 20, CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml.ToString())), "alias *a3 at line 5", "more than 32");
    }

    [Theory]
    [InlineData("a: &a [*a]", "alias *a at line 1 contains itself")]
    [InlineData("a: &a {b: {c: *a}}", "alias *a at line 1 contains itself")]
    public void Read_AliasOfItself_IsRefused(string yaml, string message) =>
        Refusal.Expect(CheckpointErrorCode.InvalidConfig, () => NanodetConfigReader.Read(Encoding.UTF8.GetBytes(yaml)), message);

    [Fact]
    public void Read_AliasOfClassNames_IsRead()
    {
        var config = NanodetConfigReader.Read(TinyModel.Config(
            ("class_names: [cat, dog, bird]", "class_names: &names [cat, dog, bird]"), ("  val:", "  train: {class_names: *names}\n  val:")));

        Assert.Equal(["cat", "dog", "bird"], config.Classes);
    }

    [Fact]
    public void Read_TooLong_IsRefused()
    {
        var yaml = new byte[(1 << 20) + 1];
        Array.Fill(yaml, (byte)'#');

        Refusal.Expect(CheckpointErrorCode.TooLarge, () => NanodetConfigReader.Read(yaml), "1048577 characters");
    }

    [Theory]
    [InlineData("[Conv, 8, 8, 3, 2]", "[Conv, 8, 65536, 101, 2]")]
    [InlineData("[Conv, 8, 8, 3, 2]", "[Conv, 8, 65536, 65535, 2]")]
    [InlineData("feat_channels: 6\n      stacked_convs: 1\n", "feat_channels: 65536\n      stacked_convs: 64\n      conv_type: Conv\n")]
    [InlineData("[CspBlock, 4, 1, 3, 2]", "[CspBlock, 4, 65536, 3, 2]")]
    public void Export_HugeNetwork_IsRefusedBeforeItIsAllocated(string old, string @new)
    {
        var config = TinyModel.Config((old, @new));
        var checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.Config()));

        Refusal.ExpectWithin(64 << 20, CheckpointErrorCode.TooLarge, () => ModelExporter.Export(checkpoint, config, "tiny"), "at most");
    }

    [Fact]
    public void Inspect_AnyCharacterOfTheConfigChanged_IsReadOrRefused()
    {
        var checkpoint = CheckpointFile.Write(CheckpointFile.Tensors(TinyModel.PlusConfig()));
        var sound = TinyModel.PlusConfig();
        var refused = 0;
        for (var position = 0; position < sound.Length; position++)
        {
            foreach (var character in "0-9[]{}:,&*? \n#'x"u8)
            {
                var changed = sound.ToArray();
                changed[position] = character;
                try
                {
                    CheckpointInspector.Inspect(checkpoint, changed);
                }
                catch (CheckpointException)
                {
                    refused++;
                }
            }
        }

        Assert.InRange(refused, sound.Length, (sound.Length * 17) - 1);
    }
}
