using Google.Protobuf.Collections;
using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Export;
using Nanodet.Serverless.TestKit;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>How the levels become the output, for column counts of every kind.</summary>
public class OutputTailTests
{
    [Theory]
    [InlineData(2, 2, 6, 3)] // 2 scores and 12 distances: scores and distances of all levels, then both.
    [InlineData(16, 3, 3, 4)] // 16 and 16: each level's scores and distances in the blocked layout, then all levels.
    [InlineData(16, 2, 6, 3)]
    [InlineData(1, 3, 6, 3)]
    public void Export_Columns_ComeInTheirOrder(int classes, int regMax, int transposes, int concats)
    {
        var names = string.Join(", ", Enumerable.Range(0, classes).Select(index => $"c{index}"));
        var config = TinyModel.PlusConfig(("num_classes: 2", $"num_classes: {classes}"), ("reg_max: 2", $"reg_max: {regMax}"), ("[left, right]", $"[{names}]"));

        var exported = ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "plus");

        Assert.Equal(transposes, exported.Operators["Transpose"]);
        Assert.Equal(concats, Parse(exported).Count(node => node.OpType == "Concat" && (node.Name.StartsWith("head", StringComparison.Ordinal) || node.Name == "output")));
        Assert.DoesNotContain("Split", exported.Operators.Keys);
        Assert.DoesNotContain("Gather", exported.Operators.Keys);
        using var plain = new CpuModel(exported.PlainOnnx);
        using var optimized = new CpuModel(exported.Onnx);
        var input = ProceduralValues.Symmetric("two images", 2 * 3 * 64 * 64);
        Close.Assert(plain.Run(input, 2, 3, 64, 64).Values, optimized.Run(input, 2, 3, 64, 64).Values);
    }

    private static RepeatedField<NodeProto> Parse(ExportedModel exported) => ModelProto.Parser.ParseFrom(exported.Onnx).Graph.Node;
}
