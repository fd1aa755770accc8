using System.Runtime.InteropServices;
using Nanodet.Checkpoints.Architectures;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>A few channels each of many tensors.</summary>
public class PackingTests
{
    private const string Packed = "few.packed";

    [Fact]
    public void Optimize_FewChannelsOfManyTensorsForWideReaders_AreGatheredOnce()
    {
        var twin = new LayerTwin((network, x) => FewOfMany(network, x, readerChannels: 256), 48, 48).AssertEqual();

        // Three channels of each of five tensors: one block instead of five. Ones choose, the rest is zero.
        var weight = twin.Weight(Packed);
        Assert.Equal([16, 80, 1, 1], weight.Dims);
        var values = MemoryMarshal.Cast<byte, float>(weight.RawData.Span).ToArray();
        Assert.Equal(15, values.Count(value => value == 1));
        Assert.Equal(values.Length - 15, values.Count(value => value == 0));
        Assert.Equal([256, 16, 1, 1], twin.Weight("wide").Dims);
    }

    [Fact]
    public void Optimize_FewChannelsOfManyTensorsForANarrowReader_AreReadWhereTheyLie()
    {
        var twin = new LayerTwin((network, x) => FewOfMany(network, x, readerChannels: 16), 4, 4).AssertEqual();

        Assert.DoesNotContain(twin.Optimized.Graph.Node, node => node.Name == Packed);
        Assert.Equal([16, 80, 1, 1], twin.Weight("wide").Dims);
    }

    private static FeatureMap FewOfMany(NetworkBuilder network, FeatureMap x, int readerChannels)
    {
        FeatureMap? few = null;
        FeatureMap? rest = null;
        for (var index = 0; index < 5; index++)
        {
            var (first, second) = network.Split(GraphOptimizerTests.Unit(network, x, $"part{index}", 16), 3, $"split{index}");
            var name = index == 4 ? "few" : $"few{index}";
            few = few is null ? first : network.Concat(few, first, name);
            rest = rest is null ? second : network.Concat(rest, second, $"rest{index}");
        }

        var wide = GraphOptimizerTests.Unit(network, few!, "wide", readerChannels);
        var other = GraphOptimizerTests.Unit(network, rest!, "other", 16);
        return GraphOptimizerTests.Convolution(network, network.Concat(wide, other, "both"), "last", 16);
    }
}
