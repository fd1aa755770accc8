namespace Nanodet.Checkpoints.Optimization;

/// <summary>Where the channels of a map of the plain graph lie in the optimised one.</summary>
internal sealed class Placement
{
    /// <summary>The place of a channel that no one reads and that is not computed, therefore.</summary>
    public static readonly (int Tensor, int Position) Absent = (-1, -1);

    private readonly (int Tensor, int Position)[] _channels;

    /// <summary>Creates one.</summary>
    /// <param name="tensors">The tensors, each once, in the order in which they are joined.</param>
    /// <param name="channels">For each channel of the map the tensor's index in that list, and the position in it.</param>
    public Placement(IReadOnlyList<TensorRef> tensors, (int Tensor, int Position)[] channels)
    {
        Tensors = tensors;
        _channels = channels;
        Size = tensors.Sum(tensor => tensor.Size);
        IsInjective = channels.Where(channel => channel != Absent).CountBy(channel => channel).All(pair => pair.Value == 1);
    }

    /// <summary>The tensors, each once, in the order in which they are joined.</summary>
    public IReadOnlyList<TensorRef> Tensors { get; }

    /// <summary>Channels of all tensors together, padding included.</summary>
    public int Size { get; }

    /// <summary>Whether no two channels of the map lie in one place.</summary>
    public bool IsInjective { get; }

    /// <summary>Whether the joined tensors are the map as the plain graph lays it out.</summary>
    public bool IsExact => Size == _channels.Length && Positions().Select((position, channel) => position == channel).All(same => same);

    /// <summary>How many channels of the map lie in each tensor.</summary>
    public int[] Occupancy() => [.. Tensors.Select((_, tensor) => _channels.Count(channel => channel.Tensor == tensor))];

    /// <summary>The channels of the map that lie in one of some tensors.</summary>
    public int[] ChannelsIn(IReadOnlySet<int> tensors) =>
        [.. Enumerable.Range(0, _channels.Length).Where(channel => tensors.Contains(_channels[channel].Tensor))];

    /// <summary>For each channel of the map its position in the joined tensors; any for an absent one.</summary>
    public int[] Positions()
    {
        var first = new int[Tensors.Count];
        for (var tensor = 1; tensor < first.Length; tensor++)
        {
            first[tensor] = first[tensor - 1] + Tensors[tensor - 1].Size;
        }

        return [.. _channels.Select(channel => channel == Absent ? 0 : first[channel.Tensor] + channel.Position)];
    }

    /// <summary>For each tensor which channel of the map each of its places holds; -1 for none.</summary>
    public IReadOnlyList<int[]> Slots()
    {
        var slots = Tensors.Select(tensor => Empty(tensor.Size)).ToList();
        for (var channel = 0; channel < _channels.Length; channel++)
        {
            if (_channels[channel] != Absent)
            {
                slots[_channels[channel].Tensor][_channels[channel].Position] = channel;
            }
        }

        return slots;
    }

    /// <summary>The same for the joined tensors.</summary>
    public int[] JoinedSlots() => [.. Slots().SelectMany(slots => slots)];

    /// <summary>Whether two maps of equally many channels lie alike, tensor by tensor.</summary>
    public bool LiesAs(Placement other) =>
        Tensors.Select(tensor => tensor.Size).SequenceEqual(other.Tensors.Select(tensor => tensor.Size))
        && _channels.SequenceEqual(other._channels);

    private static int[] Empty(int size)
    {
        var slots = new int[size];
        Array.Fill(slots, -1);
        return slots;
    }
}
