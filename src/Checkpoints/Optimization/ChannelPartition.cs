namespace Nanodet.Checkpoints.Optimization;

/// <summary>
/// Divides the channels of one convolution into tensors that neighbouring classes share. A tensor is read as a whole by everyone who reads
/// one of its channels, with zero weights for the rest, so a class by itself saves work; but each tensor is another node and is padded to
/// whole blocks. The cheapest division is found by dynamic programming, since the costs of the tensors add up.
/// </summary>
internal sealed class ChannelPartition(PlainGraph graph, PlainNode convolution, IReadOnlyList<ChannelClass> classes)
{
    /// <summary>The tensors: for each place the channel of the convolution, or -1 for padding.</summary>
    public IEnumerable<int[]> Tensors()
    {
        var best = new double[classes.Count + 1];
        var start = new int[classes.Count + 1];
        for (var end = 1; end <= classes.Count; end++)
        {
            best[end] = double.PositiveInfinity;
            for (var first = 0; first < end; first++)
            {
                if (best[first] + Cost(first, end) is var cost && cost < best[end])
                {
                    (best[end], start[end]) = (cost, first);
                }
            }
        }

        var tensors = new Stack<int[]>();
        for (var end = classes.Count; end > 0; end = start[end])
        {
            tensors.Push(Tensor(start[end], end));
        }

        return tensors;
    }

    private int[] Tensor(int first, int end)
    {
        int[] channels = [.. Range(first, end).SelectMany(item => item.Channels)];
        var size = classes.Count == 1 && channels.Length < Costs.SmallestPadded ? channels.Length : Costs.Padded(channels.Length);
        return [.. channels, .. Enumerable.Repeat(-1, size - channels.Length)];
    }

    private double Cost(int first, int end)
    {
        var size = Costs.Padded(Range(first, end).Sum(item => item.Channels.Length));
        var weight = graph.Constant(convolution.Weight)!.Dims;
        var perChannel = (double)Costs.Padded((int)weight[1]) * weight[2] * weight[3] * graph.ShapeOf(convolution.Output)!.Value.Pixels;
        var readers = Range(first, end)
            .SelectMany(item => item.Readers)
            .DistinctBy(reader => reader.Index)
            .Sum(reader => Costs.PerChannel(graph, reader));
        return Costs.Node + (Costs.Outputs(size) * perChannel) + (size * readers);
    }

    private IEnumerable<ChannelClass> Range(int first, int end) => classes.Skip(first).Take(end - first);
}
