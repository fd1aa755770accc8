using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.Architectures.Modules;
using Nanodet.Checkpoints.Optimization;
using Nanodet.Configs;
using Nanodet.Serverless.Checkpoints.Tests.Export;

namespace Nanodet.Serverless.Checkpoints.Tests.Optimization;

/// <summary>Where channels come from and go to, in every way in which networks lead them.</summary>
public class GraphOptimizerTests
{
    public static TheoryData<string> Activations => [.. Enum.GetNames<Activation>()];

    [Fact]
    public void Optimize_ShuffledBlocks_HaveNeitherShufflesNorSplits()
    {
        var twin = new LayerTwin((network, x) =>
        {
            x = Unit(network, x, "stem", 48);
            for (var block = 0; block < 4; block++)
            {
                var (first, second) = network.Split(x, 24, $"split{block}");
                second = Unit(network, second, $"block{block}", 24);
                x = network.ShuffleChannels(network.Concat(first, second, $"concat{block}"), 2, $"shuffle{block}");
            }

            return Convolution(network, x, "last", 24);
        }).AssertEqual();

        Assert.Equal((0, 0, 0), (twin.Count("Gather"), twin.Count("Split"), twin.Count("Transpose")));
        AssertWholeBlocks(twin, "last");
    }

    [Theory]
    [MemberData(nameof(Activations))]
    public void Optimize_PaddingBehindAnyActivation_IsHarmless(string activation) => new LayerTwin((network, x) =>
    {
        var kind = Enum.Parse<Activation>(activation);
        x = network.Activate(Convolution(network, x, "first", 24), kind, "first.act");
        x = network.Activate(Depthwise(network, x, "middle"), kind, "middle.act");
        return Convolution(network, x, "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_GateThatIsNotZeroForPadding_IsHarmless()
    {
        // The gate of a padded channel is 0.5, and its average is not what the weights were made for.
        var twin = new LayerTwin((network, x) =>
        {
            x = network.HardSigmoid(Convolution(network, x, "first", 24), "gate");
            return Convolution(network, network.MaxPool(x, "pool", 3, 2, 1), "last", 24);
        }).AssertEqual();

        AssertWholeBlocks(twin, "last");
    }

    [Fact]
    public void Optimize_SumOfAJoinedMapAndAConvolution_LaysTheConvolutionOutAlike()
    {
        var twin = new LayerTwin((network, x) =>
        {
            var joined = network.Concat(Unit(network, x, "first", 24), Unit(network, x, "second", 40), "concat");
            var sum = network.Add(joined, Convolution(network, x, "third", 64), "sum");
            return Convolution(network, sum, "last", 24);
        }).AssertEqual();

        Assert.Equal(0, twin.Count("Gather"));
        Assert.Equal([80, 3, 1, 1], twin.Weight("third").Dims);
    }

    [Fact]
    public void Optimize_SumOfTwoMapsJoinedOtherwise_BringsBothIntoTheirOrder()
    {
        var twin = new LayerTwin((network, x) =>
        {
            var first = network.Concat(Unit(network, x, "a", 24), Unit(network, x, "b", 40), "ab");
            var second = network.Concat(Unit(network, x, "c", 40), Unit(network, x, "d", 24), "cd");
            return Convolution(network, network.Add(first, second, "sum"), "last", 24);
        }).AssertEqual();

        Assert.Equal(2, twin.Count("Gather"));
    }

    [Fact]
    public void Optimize_ChannelThatComesTwice_IsReadWithBothWeights() => new LayerTwin((network, x) =>
    {
        x = Unit(network, x, "first", 24);
        return Convolution(network, network.Concat(x, x, "twice"), "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_ChannelwiseNodesOfAChannelThatComesTwice_GetItTwice() => new LayerTwin((network, x) =>
    {
        x = Unit(network, x, "first", 24);
        x = Depthwise(network, network.Concat(x, x, "twice"), "depthwise");
        x = network.MaxPool(network.Concat(x, x, "fourfold"), "pool", 3, 2, 1);
        return Convolution(network, x, "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_SumOfAMapWithItself_IsTwiceTheMap() => new LayerTwin((network, x) =>
    {
        x = Convolution(network, x, "first", 24);
        return Convolution(network, network.Add(x, x, "sum"), "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_GroupNormalisation_SeesNoPadding() => new LayerTwin((network, x) =>
    {
        x = network.Concat(Unit(network, x, "first", 24), Unit(network, x, "second", 24), "concat");
        x = network.Convolution(x, new ConvolutionLayer("grouped", 24, 3) { Padding = 1, Norm = new Normalization(Groups: 3), NormName = "gn" });
        return Convolution(network, network.Activate(x, Activation.ReLU, "act"), "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_GroupedConvolution_GetsItsChannelsInOrder() => new LayerTwin((network, x) =>
    {
        x = network.ShuffleChannels(network.Concat(Unit(network, x, "first", 24), Unit(network, x, "second", 24), "concat"), 2, "shuffle");
        x = network.Convolution(x, new ConvolutionLayer("grouped", 24, 3) { Padding = 1, Groups = 4 });
        return Convolution(network, x, "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_SqueezeExcitationOfAJoinedMap_LaysItsGateOutAlike()
    {
        var twin = new LayerTwin((network, x) =>
        {
            x = network.Concat(Unit(network, x, "first", 24), Unit(network, x, "second", 40), "concat");
            return Convolution(network, new SqueezeExcite(0.25).Build(network, x, "se"), "last", 24);
        }).AssertEqual();

        Assert.Equal(0, twin.Count("Gather"));
    }

    [Fact]
    public void Optimize_ChannelsThatNoOneReads_AreNotComputed()
    {
        var twin = new LayerTwin((network, x) =>
        {
            var (used, _) = network.Split(Unit(network, x, "first", 64), 20, "split");
            return Convolution(network, used, "last", 24);
        }).AssertEqual();

        Assert.Equal([32, 3, 1, 1], twin.Weight("first").Dims);
    }

    [Fact]
    public void Optimize_PartsThatNoOneReadsOnTheWay_AreNoHindrance() => new LayerTwin((network, x) =>
    {
        // The second half is activated, pooled, added to itself shuffled, and then left out.
        x = Unit(network, x, "first", 40);
        x = network.MaxPool(x, "pool", 3, 2, 1);
        x = network.Add(x, network.ShuffleChannels(x, 2, "shuffle"), "sum");
        var (used, unused) = network.Split(x, 12, "split");
        _ = network.Activate(unused, Activation.ReLU, "unused");
        return Convolution(network, used, "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_TransformerBetweenConvolutions_IsLeftAsItIs() => new LayerTwin((network, x) =>
    {
        x = network.Concat(Unit(network, x, "first", 24), Unit(network, x, "second", 24), "concat");
        x = new TransformerBlock(24, 4, 1, 2, Activation.ReLU).Build(network, x, "transformer", "position");
        return Convolution(network, x, "last", 24);
    }).AssertEqual();

    [Fact]
    public void Optimize_ResidualBlocks_AddWithoutCopies()
    {
        var twin = new LayerTwin((network, x) =>
        {
            x = Convolution(network, x, "stem", 24);
            for (var block = 0; block < 3; block++)
            {
                var inner = Unit(network, x, $"expand{block}", 40);
                x = network.Add(x, Convolution(network, inner, $"project{block}", 24), $"sum{block}");
            }

            return Convolution(network, x, "last", 24);
        }).AssertEqual();

        Assert.Equal((0, 0), (twin.Count("Gather"), twin.Count("Concat")));
        AssertWholeBlocks(twin, "last");
    }

    [Fact]
    public void Optimize_PlainGraph_IsNotTouched()
    {
        var config = TinyModel.Config();
        var weights = new WeightBinder(null);
        var plain = new DetectorNetwork(NanodetConfigReader.Read(config)).Build(weights);
        var before = plain.Clone();

        _ = GraphOptimizer.Optimize(plain, 64, 64);

        Assert.Equal(before, plain);
    }

    internal static FeatureMap Convolution(NetworkBuilder network, FeatureMap x, string name, int channels) =>
        network.Convolution(x, new ConvolutionLayer(name, channels, 1) { Bias = true });

    internal static FeatureMap Depthwise(NetworkBuilder network, FeatureMap x, string name) =>
        network.Convolution(x, new ConvolutionLayer(name, x.Channels, 3) { Padding = 1, Groups = x.Channels, Bias = true });

    internal static FeatureMap Unit(NetworkBuilder network, FeatureMap x, string name, int channels) =>
        network.Activate(Convolution(network, x, name, channels), Activation.LeakyReLU, $"{name}.act");

    /// <summary>Every convolution but the last has outputs in whole blocks, and all but those of the image have inputs in whole blocks.</summary>
    private static void AssertWholeBlocks(LayerTwin twin, string last)
    {
        foreach (var node in twin.Optimized.Graph.Node.Where(node => node.OpType == "Conv"))
        {
            var dims = twin.Weight(node.Name).Dims;
            Assert.True(node.Name == last || dims[0] % 16 == 0, $"{node.Name} has {dims[0]} outputs");
            Assert.True(dims[1] is 1 or 3 || dims[1] % 16 == 0, $"{node.Name} has {dims[1]} inputs");
        }
    }
}
