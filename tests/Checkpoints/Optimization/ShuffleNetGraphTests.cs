using System.Runtime.InteropServices;
using Nanodet.Checkpoints.Export;
using Nanodet.Serverless.Checkpoints.Tests.Procedural;
using Onnx;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>The graph of NanoDet-Plus on ShuffleNetV2, node by node.</summary>
public class ShuffleNetGraphTests
{
    private const int Block = 16;
    private const int Levels = 4;
    private static readonly ExportedModel Exported = Make();
    private static readonly GraphProto Graph = ModelProto.Parser.ParseFrom(Exported.Onnx).Graph;

    [Fact]
    public void Export_PlusM_HasNoShufflesSplitsOrSlices()
    {
        Assert.DoesNotContain(Exported.Operators.Keys, type => type is "Gather" or "Split" or "Slice");
        Assert.Equal(Levels, Exported.Operators["Transpose"]);
        Assert.Equal(Levels, Exported.Operators["Reshape"]);
        Assert.Equal(Levels, Exported.Operators["Sigmoid"]);
        Assert.Equal(["Add", "Concat", "Conv", "LeakyRelu", "MaxPool", "Reshape", "Resize", "Sigmoid", "Transpose"], Exported.Operators.Keys);
    }

    [Fact]
    public void Export_PlusM_TransposesEachLevelOnceAtItsEnd()
    {
        var consumers = Graph.Node.SelectMany(node => node.Input.Select(input => (input, node))).ToLookup(pair => pair.input, pair => pair.node);
        foreach (var transpose in Graph.Node.Where(node => node.OpType == "Transpose"))
        {
            Assert.Equal([0L, 2, 3, 1], Assert.Single(transpose.Attribute).Ints);
            var reshape = Assert.Single(consumers[transpose.Output[0]]);
            Assert.Equal("Reshape", reshape.OpType);
            Assert.Equal("output", Assert.Single(consumers[reshape.Output[0]]).Output[0]);
        }
    }

    [Fact]
    public void Export_PlusM_KeepsEveryMapInWholeBlocks()
    {
        var weights = Graph.Initializer.ToDictionary(tensor => tensor.Name);
        foreach (var dims in Graph.Node.Where(node => node.OpType == "Conv").Select(node => weights[node.Input[1]].Dims))
        {
            Assert.Equal(0, dims[0] % Block);
            Assert.True(dims[1] is 1 or 3 || dims[1] % Block == 0, $"a convolution reads {dims[1]} channels");
        }
    }

    [Fact]
    public void Export_PlusM_ActivatesStraightBehindConvolutions()
    {
        // So that ONNX Runtime takes the activation into the convolution: one producer, which nobody else reads.
        var producers = Graph.Node.ToDictionary(node => node.Output[0]);
        var readers = Graph.Node.SelectMany(node => node.Input).CountBy(input => input).ToDictionary();
        foreach (var activation in Graph.Node.Where(node => node.OpType is "LeakyRelu" or "Sigmoid"))
        {
            Assert.Equal("Conv", producers[activation.Input[0]].OpType);
            Assert.Equal(1, readers[activation.Input[0]]);
        }
    }

    [Fact]
    public void Export_PlusM_ChangesNoWeight()
    {
        // Moved and padded, never computed with: every weight of the optimised graph is one of the plain graph, or 0, or the 1 of a gathering convolution.
        var plain = Values(ModelProto.Parser.ParseFrom(Exported.PlainOnnx).Graph);
        var optimized = Values(Graph);
        optimized.ExceptWith(plain);

        Assert.Subset(new HashSet<float> { 0, 1 }, optimized);
    }

    private static HashSet<float> Values(GraphProto graph) => [.. graph.Initializer
        .Where(tensor => tensor.DataType == (int)TensorProto.Types.DataType.Float)
        .SelectMany(tensor => MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray())];

    private static ExportedModel Make()
    {
        var config = ProceduralModel.All.Single(model => model.Name == "nanodet-plus-m_416").ReadConfig();
        return ModelExporter.Export(CheckpointFile.Write(CheckpointFile.Tensors(config)), config, "nanodet-plus-m_416");
    }
}
