using System.Reflection;
using Mono.Cecil;

namespace Nanodet.Serverless.TestKit;

/// <summary>
/// Which rooms of an assembly use which: a room is the first part of a namespace below the assembly's own, and what stands in the
/// assembly's own namespace is the room <c>.</c>. Read from the compiled code, so it holds whatever the source looks like; constants are
/// not seen, since the compiler copies them.
/// </summary>
public sealed class RoomGraph
{
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _uses = new(StringComparer.Ordinal);
    private readonly string _root;

    private RoomGraph(string root) => _root = root;

    /// <summary>The rooms.</summary>
    public IReadOnlyCollection<string> Rooms => _uses.Keys;

    /// <summary>Reads an assembly.</summary>
    /// <param name="assembly">It has to lie in a file.</param>
    /// <param name="root">Its own namespace; null when that is its name.</param>
    public static RoomGraph Read(Assembly assembly, string? root = null)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var graph = new RoomGraph(root ?? assembly.GetName().Name!);
        using var definition = AssemblyDefinition.ReadAssembly(assembly.Location);
        foreach (var type in definition.MainModule.GetTypes())
        {
            if (graph.RoomOf(type) is { } room)
            {
                graph._uses.TryAdd(room, new SortedDictionary<string, string>(StringComparer.Ordinal));
                foreach (var used in Used(type))
                {
                    if (graph.RoomOf(used) is { } other && other != room && used.Scope == definition.MainModule)
                    {
                        graph._uses[room].TryAdd(other, $"{type.FullName} -> {used.FullName}");
                    }
                }
            }
        }

        return graph;
    }

    /// <summary>Whether one room uses another.</summary>
    public bool Uses(string room, string other) => _uses.TryGetValue(room, out var uses) && uses.ContainsKey(other);

    /// <summary>Rooms that use each other, directly or by way of others: one line for each group, with an example of each use.</summary>
    public IReadOnlyList<string> FindCircles()
    {
        var reach = _uses.Keys.ToDictionary(room => room, Reachable, StringComparer.Ordinal);
        var circles = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var room in _uses.Keys.Where(room => reach[room].Contains(room)))
        {
            var group = reach[room].Where(other => reach[other].Contains(room)).Order(StringComparer.Ordinal).ToArray();
            if (seen.Add(group[0]))
            {
                var examples = group.SelectMany(one => _uses[one].Where(use => group.Contains(use.Key)).Select(use => $"  {one} -> {use.Key}: {use.Value}"));
                circles.Add($"{string.Join(", ", group)}\n{string.Join('\n', examples)}");
            }
        }

        return circles;
    }

    private HashSet<string> Reachable(string room)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(_uses[room].Keys);
        while (open.TryPop(out var next))
        {
            if (found.Add(next))
            {
                foreach (var further in _uses[next].Keys)
                {
                    open.Push(further);
                }
            }
        }

        return found;
    }

    private string? RoomOf(TypeReference type)
    {
        while (type.DeclaringType is { } outer)
        {
            type = outer;
        }

        return type.Namespace == _root
            ? "."
            : type.Namespace.StartsWith(_root + ".", StringComparison.Ordinal)
                ? type.Namespace[(_root.Length + 1)..].Split('.')[0]
                : null;
    }

    private static IEnumerable<TypeReference> Used(TypeDefinition type) => References(type).SelectMany(Parts);

    private static IEnumerable<TypeReference?> References(TypeDefinition type)
    {
        yield return type.BaseType;
        foreach (var reference in type.Interfaces.Select(one => one.InterfaceType)
            .Concat(type.CustomAttributes.Select(attribute => attribute.AttributeType))
            .Concat(type.CustomAttributes.SelectMany(attribute => attribute.ConstructorArguments).Select(argument => argument.Value).OfType<TypeReference>())
            .Concat(type.GenericParameters.SelectMany(parameter => parameter.Constraints).Select(constraint => constraint.ConstraintType))
            .Concat(type.Fields.Select(field => field.FieldType)))
        {
            yield return reference;
        }

        foreach (var method in type.Methods)
        {
            yield return method.ReturnType;
            foreach (var parameter in method.Parameters)
            {
                yield return parameter.ParameterType;
            }

            if (!method.HasBody)
            {
                continue;
            }

            foreach (var variable in method.Body.Variables)
            {
                yield return variable.VariableType;
            }

            foreach (var handler in method.Body.ExceptionHandlers)
            {
                yield return handler.CatchType;
            }

            foreach (var operand in method.Body.Instructions.Select(instruction => instruction.Operand))
            {
                switch (operand)
                {
                    case TypeReference reference:
                        yield return reference;
                        break;
                    case MethodReference called:
                        yield return called.DeclaringType;
                        yield return called.ReturnType;
                        foreach (var argument in (called as GenericInstanceMethod)?.GenericArguments ?? [])
                        {
                            yield return argument;
                        }

                        break;
                    case FieldReference field:
                        yield return field.DeclaringType;
                        yield return field.FieldType;
                        break;
                }
            }
        }
    }

    private static IEnumerable<TypeReference> Parts(TypeReference? type)
    {
        switch (type)
        {
            case null or GenericParameter:
                yield break;
            case GenericInstanceType generic:
                yield return generic.ElementType;
                foreach (var part in generic.GenericArguments.SelectMany(Parts))
                {
                    yield return part;
                }

                break;
            case TypeSpecification specification:
                foreach (var part in Parts(specification.ElementType))
                {
                    yield return part;
                }

                break;
            default:
                yield return type;
                break;
        }
    }
}
