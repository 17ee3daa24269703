// RUN: attn-opt %s -split-input-file -verify-diagnostics

// What the dialect accepts, packages of hand-written kernels can have.
func.func private @described(tensor<?x?xf32>, tensor<2xi64>) -> (tensor<?xf32>, tensor<f32>) attributes {
  tile.args = [{roles = ["query", "key"]}, {roles = []}],
  tile.results = [
    {role = "output", judge = {rows = [0], chain = 4, edges = [{const = -1, terms = [{arg = 0, dim = 1, coef = -2}]}]}},
    {role = "", judge = {rows = [], chain = 0, edges = []}}]}

// -----

// expected-error @below {{expected `tile.args` to be an array of 1, one entry for each argument, got []}}
func.func private @too_few_arguments(tensor<?xf32>) attributes {tile.args = []}

// -----

// expected-error @below {{expected `tile.args` to be an array of 1, one entry for each argument, got 3 : i64}}
func.func private @no_array(tensor<?xf32>) attributes {tile.args = 3}

// -----

// expected-error @below {{expected `tile.args[0]` to be a dictionary, got "query"}}
func.func private @no_dictionary(tensor<?xf32>) attributes {tile.args = ["query"]}

// -----

// expected-error @below {{expected `tile.args[0].roles` to be an array, which is missing}}
func.func private @no_roles(tensor<?xf32>) attributes {tile.args = [{}]}

// -----

// expected-error @below {{expected `tile.args[0].roles[1]` to be a string, got 1 : i64}}
func.func private @no_text(tensor<?xf32>) attributes {tile.args = [{roles = ["key", 1]}]}

// -----

// expected-error @below {{expected `tile.args[0]` to be a dictionary of roles, got {role = "key"}}}
func.func private @misspelt(tensor<?xf32>) attributes {tile.args = [{role = "key"}]}

// -----

// expected-error @below {{expected `tile.results` to be an array of 1, one entry for each result, got [}}
func.func private @too_many_results() -> tensor<?xf32> attributes {tile.results = [{}, {}]}

// -----

// expected-error @below {{expected `tile.results[0].role` to be a string, which is missing}}
func.func private @no_role() -> tensor<?xf32> attributes {tile.results = [{}]}

// -----

// expected-error @below {{expected `tile.results[0].role` to be a string, got unit}}
func.func private @bad_role() -> tensor<?xf32> attributes {tile.results = [{role}]}

// -----

// expected-error @below {{expected `tile.results[0].judge` to be a dictionary, which is missing}}
func.func private @no_judge() -> tensor<?xf32> attributes {tile.results = [{role = "output"}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.rows` to be an array, which is missing}}
func.func private @no_rows() -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.rows[1]` to be an i64 in 0..1, got 2 : i64}}
func.func private @rows_outside() -> tensor<?x?xf32> attributes {tile.results = [{role = "output", judge = {rows = [0, 2], chain = 0, edges = []}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.rows[1]` to be another dimension than those before it, got 1 : i64}}
func.func private @rows_twice() -> tensor<?x?xf32> attributes {tile.results = [{role = "output", judge = {rows = [1, 1], chain = 0, edges = []}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.rows[0]` to be an i64 in 0..1, got 1 : i32}}
func.func private @rows_of_other_width() -> tensor<?x?xf32> attributes {tile.results = [{role = "output", judge = {rows = [1 : i32], chain = 0, edges = []}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.chain` to be an i64 of at least 0, got -1 : i64}}
func.func private @negative_chain() -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = -1, edges = []}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.chain` to be an i64 of at least 0, got "long"}}
func.func private @chain_of_text() -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = "long", edges = []}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.edges` to be an array, which is missing}}
func.func private @no_edges() -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = 0}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.edges[0].const` to be an i64, got -9223372036854775808 : i64}}
func.func private @least_constant() -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = [{const = -9223372036854775808, terms = []}]}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.edges[0].terms[0].arg` to be an i64 in 0..0, got 1 : i64}}
func.func private @edge_of_no_argument(tensor<?xf32>) -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = [{const = 0, terms = [{arg = 1, dim = 0, coef = 1}]}]}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.edges[0].terms[0].dim` to be an i64 in 0..0, got 1 : i64}}
func.func private @edge_of_no_dimension(tensor<?xf32>) -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = [{const = 0, terms = [{arg = 0, dim = 1, coef = 1}]}]}}]}

// -----

// expected-error @below {{expected `tile.results[0].judge.edges[0].terms[0].coef` to be an i64, which is missing}}
func.func private @edge_without_factor(tensor<?xf32>) -> tensor<?xf32> attributes {tile.results = [{role = "output", judge = {rows = [], chain = 0, edges = [{const = 0, terms = [{arg = 0, dim = 0}]}]}}]}

// -----

// expected-error @below {{expected `tile.results` on a function}}
module attributes {tile.results = []} {}
