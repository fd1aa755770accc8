namespace Nanodet.Serverless.Bench.Simulation;

/// <summary>Cores that take tasks in the order in which they come.</summary>
internal sealed class Cores
{
    private readonly PriorityQueue<int, double> _free = new();
    private readonly double _speed;

    /// <summary>Creates cores that are free from the start.</summary>
    /// <param name="count">How many; less than one, or a fraction, makes each of them slower.</param>
    public Cores(double count)
    {
        var whole = Math.Max(1, (int)count);
        _speed = count / whole;
        for (var core = 0; core < whole; core++)
        {
            _free.Enqueue(core, 0);
        }
    }

    /// <summary>Processor time that was used, in seconds.</summary>
    public double Busy { get; private set; }

    /// <summary>Runs a task; returns when it ends.</summary>
    /// <param name="now">When it comes; never before an earlier task's.</param>
    /// <param name="seconds">Its processor time.</param>
    public double Run(double now, double seconds)
    {
        _free.TryDequeue(out var core, out var free);
        var end = Math.Max(now, free) + (seconds / _speed);
        _free.Enqueue(core, end);
        Busy += seconds;
        return end;
    }
}
